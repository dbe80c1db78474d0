using System.CommandLine;
using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Options;
using GpuWatch.Trace;

namespace GpuWatch.Commands;

/// <summary>`replay`: the live pipeline over a recording (CONTRACTS 5).</summary>
internal static class ReplayCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "a trace, a recording or a log of nvidia-smi --query-gpu" };
    private static readonly Option<string> Job = new("--job") { Description = "what the watched process trains (YAML or JSON)", HelpName = "FILE" };
    private static readonly Option<int?> JobPid = new("--job-pid") { Description = "the process that the job is; else the first on each GPU", HelpName = "PID" };
    private static readonly Option<string> Profile = ProfileFile.Flag();
    private static readonly Option<string> Speed = new("--speed") { Description = "max, or how many times faster than it was recorded", DefaultValueFactory = _ => "max" };
    private static readonly Option<double> ForecastEvery = new("--forecast-every") { Description = "seconds of trace time between forecasts", HelpName = "S", DefaultValueFactory = _ => 10 };
    private static readonly Option<double?> MissCost = AlertCosts.MissFlag();
    private static readonly Option<double?> FalseAlarmCost = AlertCosts.FalseAlarmFlag();
    private static readonly Option<string> FailOn = new("--fail-on") { Description = "exit with 3 when an alert of this severity or above is raised" };
    private static readonly Option<string> Columns = new("--columns") { Description = "column names of a log without a header: timestamp,memory.used,…", HelpName = "NAMES" };
    private static readonly Option<double?> TotalMiB = new("--total-mib") { Description = "memory of the card, where the log does not tell it", HelpName = "MIB" };
    private static readonly Option<string> Output = OutputOption.Create("table", "ndjson");

    static ReplayCommand() => FailOn.AcceptOnlyFromAmong("warning", "critical");

    public static Command Create(Surroundings around)
    {
        var command = new Command("replay", "Runs the live pipeline over a recording and prints what it would have said.")
        {
            File, Job, JobPid, Profile, Speed, ForecastEvery, MissCost, FalseAlarmCost, FailOn, Columns, TotalMiB, Output,
        };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var job = parsed.GetValue(Job) is { } path ? JobFile.Read(path) : null;
        var assignment = new JobAssignment(job, parsed.GetValue(JobPid));
        var options = AlertCosts.From(parsed.GetValue(MissCost), parsed.GetValue(FalseAlarmCost))
            .In(new() { ForecastEverySeconds = Positive(parsed.GetValue(ForecastEvery), "--forecast-every"), Profile = ProfileFile.Read(parsed.GetValue(Profile)) });
        var printer = new EventPrinter(around.Out, parsed.GetValue(Output) == "ndjson");
        var verdict = new Verdict(parsed.GetValue(FailOn));
        var recording = new RecordingOptions(parsed.GetValue(Columns), Total(parsed));
        var replay = new Replay(
            Recording.Read(parsed.GetRequiredValue(File), recording, note => around.Error.WriteLine($"gpuwatch: {note}")), ParseSpeed(parsed.GetRequiredValue(Speed)), around);
        replay.Run(gpu => new DeviceWatch(gpu, process => assignment.Of(gpu, process), options), happened =>
        {
            verdict.Take(happened);
            printer.Print(happened);
        });
        return around.Stop.IsCancellationRequested ? ExitCode.Interrupted : verdict.ExitCode;
    }

    /// <summary>Slower than this a recording of a minute would take weeks.</summary>
    private const double LeastSpeed = 1e-4;

    /// <returns>Null: as fast as it goes.</returns>
    private static double? ParseSpeed(string text) =>
        text == "max" ? null :
        double.TryParse(text.TrimEnd('x'), NumberStyles.Float, CultureInfo.InvariantCulture, out var speed)
            ? Math.Max(LeastSpeed, Positive(speed, "--speed"))
            : throw new BadInputException("--speed", $"\"{Plain.Text(text)}\" is no speed", "expected max or a number such as 20");

    private static Bytes? Total(ParseResult parsed) =>
        parsed.GetValue(TotalMiB) is { } mebibytes ? Bytes.FromMiB(Positive(mebibytes, "--total-mib")) : null;

    private static double Positive(double value, string option) =>
        value > 0 && double.IsFinite(value)
            ? value
            : throw new BadInputException(option, FormattableString.Invariant($"{value} is not above 0"), "expected a positive number");
}
