using GpuWatch.Core.Estimate;
using MathNet.Numerics.Statistics;

namespace GpuWatch.Core.Calibrate;

/// <summary>An estimate held against its truth: ln(estimate ÷ truth), and whether its 90 % interval held the truth.</summary>
public readonly record struct Judged(MeasuredRun Run, double Error, bool Held);

/// <summary>How good a group of estimates is.</summary>
/// <param name="Macro">Median over the sources with three runs or more of each one's median error; null when there is no such source.</param>
/// <param name="TooLow">Share of estimates more than 10 % below the truth.</param>
/// <param name="Held">Share of truths inside their 90 % interval.</param>
public sealed record Score(int Rows, double Median, double? Macro, double P90, double Bias, double TooLow, double Held)
{
    private const int Enough = 3;

    public static Score Of(IReadOnlyCollection<Judged> judged)
    {
        var errors = Errors.Of(judged.Select(one => one.Error));
        var medians = judged.GroupBy(one => one.Run.Source).Where(group => group.Count() >= Enough)
            .Select(group => Errors.Of(group.Select(one => one.Error)).MedianApe).ToArray();
        return new(
            judged.Count, errors.MedianApe, medians.Length == 0 ? null : medians.Median(), errors.P90Ape, errors.Bias,
            judged.Count(one => Math.Exp(one.Error) < 0.9) / (double)judged.Count, judged.Count(one => one.Held) / (double)judged.Count);
    }

    /// <summary>Each run by a profile fitted without its source; its interval too is made from the errors of other sources only.</summary>
    public static List<Judged> LeaveSourceOut(IReadOnlyList<MeasuredRun> runs, Calibrated found)
    {
        var bands = runs.Select(run => run.Source).Distinct().ToDictionary(source => source, source => BandsWithout(runs, found, source));
        return [.. runs.Select((run, i) => new Judged(run, found.LeftOut[i], Bands.Holds(bands[run.Source](run.Quantity, run.Several), found.LeftOut[i])))];
    }

    private static Func<Quantity, bool, ErrorBand> BandsWithout(IReadOnlyList<MeasuredRun> runs, Calibrated found, string source)
    {
        var others = Miss.Of([.. runs.Where(run => run.Source != source)], [.. found.LeftOut.Where((_, i) => runs[i].Source != source)]);
        var all = Enum.GetValues<Quantity>().SelectMany(quantity => new[] { false, true }.Select(several => (quantity, several)))
            .ToDictionary(key => key, key => Bands.Of(others, key.quantity, key.several) ?? Profile.Prior.Band(key.quantity, key.several));
        return (quantity, several) => all[(quantity, several)];
    }

    /// <summary>Each run by one profile, which may have been fitted on it.</summary>
    public static List<Judged> InSample(IReadOnlyList<MeasuredRun> runs, Profile profile) =>
        [.. runs.Select(run =>
        {
            var error = run.Error(profile);
            return new Judged(run, error, Bands.Holds(profile.Band(run.Quantity, run.Several), error));
        })];
}
