using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using GpuWatch.Core.Calibrate;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Store.Sqlite;

namespace GpuWatch.Commands;

/// <summary>`calibrate`: fits a profile on measured runs, and keeps it only if it helps on runs it has not seen (CONTRACTS 8).</summary>
internal static class CalibrateCommand
{
    /// <summary>Rows passed over that are told one by one.</summary>
    private const int MostTold = 20;

    public static Command Create(Surroundings around)
    {
        var runs = new Option<string>("--runs") { Description = "measured runs: a CSV with peak_gib and metric, a folder of such files, or store: the finished runs the agent has kept", HelpName = "FILE|DIR|store", Required = true };
        var profile = new Option<string>("--out") { Description = "where to keep the profile", HelpName = "PROFILE.json", Required = true };
        var store = new Option<string>("--store") { Description = "the database that --runs store reads; default: the agent's", HelpName = "FILE" };
        var config = CommonFlags.Config();
        var shipped = new Option<bool>("--shipped") { Description = "start from the priors instead of the shipped profile, and turn only its knobs: how the shipped profile is made" };
        var output = OutputOption.Create("table", "json");
        var command = new Command("calibrate", "Fits the estimator's coefficients to measured runs.") { runs, store, config, profile, shipped, output };
        command.SetAction(parsed => Run(
            Runs(parsed.GetValue(runs)!, parsed.GetValue(store), () => CommonFlags.Store(parsed, store, config, around), around.Error), parsed.GetValue(profile)!, parsed.GetValue(shipped), parsed.GetValue(output) == "json", around));
        return command;
    }

    private static int Run(List<MeasuredRun> measured, string target, bool shipped, bool json, Surroundings around)
    {
        var found = Calibration.Of(measured, shipped ? Profile.Prior : Profile.Default, shipped);
        if (found.Helps)
        {
            Save(target, ProfileJson.Write(found.Profile));
        }
        if (json)
        {
            WriteJson(found, around.Out);
        }
        else
        {
            WriteTable(found, Calibration.DecidedBy(shipped), target, around.Out);
        }
        return ExitCode.Done;
    }

    private static List<MeasuredRun> Runs(string source, string? store, Func<string> stored, TextWriter error)
    {
        if (source == "store")
        {
            return Stored(stored());
        }
        if (store is not null)
        {
            throw new BadInputException("--store", $"--runs names {Plain.Text(source)}", "expected --runs store beside it");
        }
        var passedOver = new List<string>();
        var measured = Files(source, error).SelectMany(file => MeasuredTable.Read(file, passedOver.Add)).Select(row => row.Run).OfType<MeasuredRun>().ToList();
        Tell(passedOver, error);
        return measured.Count > 0
            ? measured
            : throw new BadInputException(source, "no run with a measured peak can be estimated", "expected rows of jobs with peak_gib and metric");
    }

    /// <summary>Rows that count for nothing, each with its place and why; of many the first.</summary>
    private static void Tell(List<string> passedOver, TextWriter error)
    {
        foreach (var row in passedOver.Take(MostTold))
        {
            error.WriteLine($"gpuwatch: passed over: {row}");
        }
        if (passedOver.Count > MostTold)
        {
            error.WriteLine(Line($"gpuwatch: and {passedOver.Count - MostTold} more rows are passed over"));
        }
    }

    /// <summary>What the agent saw to its end. NVML counted it, so that it is of the whole device's share: metric nvml.</summary>
    private static List<MeasuredRun> Stored(string path)
    {
        using var store = new StoreQuery(path);
        var measured = store.FinishedRuns()
            .Select(run => MeasuredTable.Run(run.Job with { Metric = "nvml" }, "the agent's store", run.ObservedPeak, run.Driver, run.Framework))
            .OfType<MeasuredRun>().ToList();
        return measured.Count > 0
            ? measured
            : throw new BadInputException(path, "no declared run has been watched to its end", "expected runs of an agent with --job");
    }

    /// <summary>A path and why; paths may be long.</summary>
    private const int LongestReason = 400;

    /// <summary>The file, or those of the folder that tell of measured peaks; others that lie beside them are named.</summary>
    private static IEnumerable<string> Files(string source, TextWriter error)
    {
        if (!Directory.Exists(source))
        {
            return [source];
        }
        var files = Directory.GetFiles(source, "*.csv").Order(StringComparer.Ordinal).ToArray();
        if (files.Length == 0)
        {
            throw new BadInputException(source, "the folder has no CSV file", "expected measured runs as FILE.csv");
        }
        var reasons = files.ToLookup(MeasuredTable.WhyNot);
        foreach (var why in reasons.Select(alike => alike.Key).OfType<string>())
        {
            error.WriteLine($"gpuwatch: passed over: {Plain.TextUpTo(LongestReason, why)}");
        }
        return reasons[null];
    }

    private static void Save(string path, byte[] profile)
    {
        try
        {
            // Beside it first: a crash leaves the old profile or the new one.
            File.WriteAllBytes(path + ".new", profile);
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, Plain.Text(fault.Message), "expected a file that can be written");
        }
    }

    private static void WriteJson(Calibrated found, TextWriter output)
    {
        var bytes = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(bytes, new() { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("rows", found.Profile.Rows);
            ProfileJson.WriteProvenance(json, found.Profile);
            WriteErrors(json, "before", found.Before);
            WriteErrors(json, "after_cross_validated", found.After);
            json.WriteStartArray("coefficients");
            foreach (var coefficient in found.Profile.Coefficients)
            {
                ProfileJson.WriteCoefficient(json, coefficient);
            }
            json.WriteEndArray();
            ProfileJson.WriteKinds(json, found.Profile);
            json.WriteBoolean("saved", found.Helps);
            json.WriteEndObject();
        }
        output.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    private static void WriteErrors(Utf8JsonWriter json, string name, Errors errors)
    {
        json.WriteStartObject(name);
        json.WriteNumber("median_ape", Math.Round(errors.MedianApe, 4));
        json.WriteNumber("p90_ape", Math.Round(errors.P90Ape, 4));
        json.WriteNumber("bias", Math.Round(errors.Bias, 4));
        json.WriteEndObject();
    }

    private static void WriteTable(Calibrated found, string decidedBy, string target, TextWriter output)
    {
        output.WriteLine(Line($"runs {found.Profile.Rows}, sources {found.Profile.Sources.Length}"));
        output.WriteLine(Line($"before                 median error {found.Before.MedianApe:P1}, 90 % within {found.Before.P90Ape:P1}, bias {found.Before.Bias:P1}, cost {found.Before.Cost:0.0000}"));
        output.WriteLine(Line($"after, on unseen runs  median error {found.After.MedianApe:P1}, 90 % within {found.After.P90Ape:P1}, bias {found.After.Bias:P1}, cost {found.After.Cost:0.0000}"));
        output.WriteLine(Plain.Text($"GPUs {Told(string.Join(", ", found.Profile.Gpus))}; driver {Told(found.Profile.Driver)}; framework {Told(found.Profile.Framework)}"));
        foreach (var coefficient in found.Profile.Coefficients)
        {
            var range = Knobs.All[(int)coefficient.Knob];
            output.WriteLine(Line($"{range.Name,-16} {coefficient.Value,6:0.###}  ({coefficient.Low:0.###} to {coefficient.High:0.###}; prior {range.Prior:0.##}; {coefficient.Rows} runs)"));
        }
        if (found.Profile.Scope is { Kinds.IsEmpty: false } scope)
        {
            output.WriteLine($"holds for jobs of the kind {string.Join(", ", scope.Kinds)}; others are estimated as before");
        }
        output.WriteLine(found.Profile.Rows < Calibration.EnoughToKeep ? $"not saved: {Calibration.EnoughToKeep} runs are needed" : found.Helps ? $"saved to {Plain.Text(target)}: better on unseen runs by {decidedBy}" : $"not saved: it is no better on unseen runs by {decidedBy}");
    }

    private static string Told(string? value) => string.IsNullOrEmpty(value) ? "unknown" : value;

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
