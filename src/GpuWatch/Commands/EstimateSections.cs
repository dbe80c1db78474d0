using System.Globalization;
using GpuWatch.Core.Estimate.Cost;
using GpuWatch.Core.Estimate.Presets;

namespace GpuWatch.Commands;

/// <summary>What `--advise`, `--cost`, `--compare` and `--explain` add below the table.</summary>
internal static class EstimateSections
{
    public static void Write(Estimated it, TextWriter output)
    {
        WriteCost(it, output);
        WriteCompared(it, output);
        if (!it.Terms.IsEmpty)
        {
            EstimateExplain.Write(it, output);
        }
    }

    /// <summary>All of the advice, ranked, with settings and costs: `--advise`.</summary>
    public static void WriteAdvice(Estimated it, TextWriter output)
    {
        var number = 1;
        foreach (var advised in it.Advice)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{number++,2}. {EstimateTable.Told(advised, it.Room is not null)}"));
            output.WriteLine($"    {string.Join(" + ", advised.Names)}: {advised.Costs}");
        }
    }

    private static void WriteCost(Estimated it, TextWriter output)
    {
        if (it is not { Cost: { } cost, CostQuestion: { } question })
        {
            return;
        }
        var batch = (it.Job.MicroBatch ?? 1) * (it.Job.GradAccum ?? 1);
        EstimateTable.Line(output, "steps", string.Create(CultureInfo.InvariantCulture,
            $"{cost.Steps} = {cost.StepsPerEpoch} × {question.Epochs:0.##} epochs ({question.Samples} samples, {batch} a GPU and step)"));
        EstimateTable.Line(output, "time", cost is { Seconds: { } seconds, SecondsPerStep: { } step, GpuHours: { } hours }
            ? string.Create(CultureInfo.InvariantCulture, $"{Duration(seconds)} at {step:0.###} s a step{HowKnown(question.SecondsPerStep, question.Mfu)}; with retries × {question.RetryFactor:0.##}: {hours:0.##} GPU hours")
            : "unknown: say --gpu-name or --seconds-per-step");
        EstimateTable.Line(output, "money", cost.Money is { } money
            ? string.Create(CultureInfo.InvariantCulture, $"{money:0.00}{Unit(question)} at {question.PricePerGpuHour}{Unit(question)} a GPU hour{(question.PriceSource is { } source ? $" ({source})" : "")}")
            : question.PricePerGpuHour is null ? "unknown: say --price, the price of a GPU hour" : "unknown, as the time is");

        static string HowKnown(double? given, double mfu) =>
            given is not null ? "" : string.Create(CultureInfo.InvariantCulture, $" (operations at {mfu:P0} of the GPU's peak)");
    }

    private static string Unit(CostQuestion question) => question.Currency is { } currency ? $" {currency}" : "";

    private static string Duration(double seconds) => seconds switch
    {
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h"),
    };

    private static void WriteCompared(Estimated it, TextWriter output)
    {
        var label = "others";
        foreach (var (preset, answer) in it.Compared)
        {
            var ours = it.Plan.PeakDevice.Likely;
            var error = PresetError.Known.GetValueOrDefault(preset.Name)?.MedianApe is { } ape
                ? string.Create(CultureInfo.InvariantCulture, $"measured error {ape:P0}")
                : "";
            EstimateTable.Line(output, label, answer.NotCovered is { } reason
                ? $"{preset.Name,-22} {"–",10}  {reason}"
                : string.Create(CultureInfo.InvariantCulture, $"{preset.Name,-22} {it.PerGpu(preset, answer),10}  {it.PerGpu(preset, answer) / ours - 1,6:+0 %;-0 %} against ours  {error}").TrimEnd());
            label = "";
        }
    }
}
