using System.CommandLine;
using GpuWatch.Core.Estimate.Cost;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>`--cost` and what it asks about a training run.</summary>
internal sealed class CostFlags
{
    /// <summary>Of the peak rate, what training reaches on well-fed GPUs; published runs are between 0.3 and 0.55.</summary>
    private const double UsualMfu = 0.4;

    private readonly Option<bool> cost = new("--cost") { Description = "add steps, time and money (needs --samples)" };
    private readonly Option<double?> samples = new("--samples") { Description = "examples of the data set", HelpName = "N" };
    private readonly Option<double> epochs = new("--epochs") { Description = "passes over the data set", DefaultValueFactory = _ => 1, HelpName = "E" };
    private readonly Option<double?> price = new("--price") { Description = "price of a GPU hour; without it a price list of 2024 is used where it has the GPU", HelpName = "P" };
    private readonly Option<double?> secondsPerStep = new("--seconds-per-step") { Description = "measured time of a step; without it, from operations", HelpName = "S" };
    private readonly Option<double> mfu = new("--mfu") { Description = "share of the GPU's peak rate that reaches the model", DefaultValueFactory = _ => UsualMfu, HelpName = "SHARE" };
    private readonly Option<double> retry = new("--retry") { Description = "how often the run is done over; 2 to 3 until it is well known", DefaultValueFactory = _ => 1, HelpName = "FACTOR" };

    public IReadOnlyList<Option> All => [cost, samples, epochs, price, secondsPerStep, mfu, retry];

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="BadInputException">A number is out of its range, or `--samples` is missing.</exception>
    /// <returns>Null without `--cost`.</returns>
    public CostQuestion? Read(ParseResult parsed, Job job)
    {
        if (!parsed.GetValue(cost))
        {
            return null;
        }
        var known = parsed.GetValue(price) is null ? GpuPrice.Of(job.GpuName, job.GpuMemGb) : null;
        return new(
            Whole("--samples", Above("--samples", parsed.GetValue(samples))) ?? throw new BadInputException("--cost", "--samples is not given", "expected the number of examples"),
            Above("--epochs", parsed.GetValue(epochs))!.Value,
            Above("--seconds-per-step", parsed.GetValue(secondsPerStep)),
            Above("--mfu", parsed.GetValue(mfu), 1)!.Value,
            AtLeastOnce("--retry", parsed.GetValue(retry)),
            Above("--price", parsed.GetValue(price)) ?? known?.PerHour,
            known?.Currency,
            known?.Source);
    }

    /// <summary>Beyond it nobody means what was typed.</summary>
    private const double Most = 1e12;

    private static double? Above(string flag, double? value, double most = Most) =>
        value is null || (value > 0 && value <= most) ? value : throw Wrong(flag, value.Value, FormattableString.Invariant($"a number above 0 and at most {most:0}"));

    private static long? Whole(string flag, double? value) =>
        value is null || value == Math.Floor(value.Value) ? (long?)value : throw Wrong(flag, value.Value, "a whole number");

    private static double AtLeastOnce(string flag, double value) =>
        value is >= 1 and <= Most ? value : throw Wrong(flag, value, FormattableString.Invariant($"a number of at least 1, which is a run that is done once, and at most {Most:0}"));

    private static BadInputException Wrong(string flag, double value, string expected) =>
        new(flag, FormattableString.Invariant($"it is {value}"), $"expected {expected}");
}
