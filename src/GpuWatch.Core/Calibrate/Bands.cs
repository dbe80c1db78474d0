using System.Collections.Immutable;
using GpuWatch.Core.Estimate;

namespace GpuWatch.Core.Calibrate;

/// <summary>How far an estimate of a source nobody had seen was off: ln(estimate ÷ truth).</summary>
internal readonly record struct Miss(string Source, Quantity Quantity, bool Several, double Error)
{
    /// <summary>Runs that make a source; fewer are anecdotes, all of which together count as one.</summary>
    private const int Enough = 3;

    public static ImmutableArray<Miss> Of(IReadOnlyList<MeasuredRun> runs, IReadOnlyList<double> errors)
    {
        var sources = SourcesOf(runs);
        return [.. runs.Select((run, i) => new Miss(sources[i], run.Quantity, run.Several, errors[i]))];
    }

    /// <summary>The source of each run; those with too few runs of a quantity are one, without a name.</summary>
    public static string[] SourcesOf(IReadOnlyList<MeasuredRun> runs)
    {
        var rows = runs.CountBy(run => (run.Source, run.Quantity)).ToDictionary();
        return [.. runs.Select(run => rows[(run.Source, run.Quantity)] < Enough ? "" : run.Source)];
    }
}

/// <summary>
/// 90 % intervals from the errors of sources that were left out. A new user is a new source, so a source weighs as the root of its rows, and how much of
/// both tails is cut off is itself chosen by leaving sources out (conformal prediction, Vovk et al. 2005, over sources instead of rows).
/// </summary>
internal static class Bands
{
    /// <summary>Runs a band is made from at least.</summary>
    internal const int Enough = 10;

    /// <summary>Share of the errors that a band made of other sources should hold, sources weighing as roots; with a handful of them it moves in steps.</summary>
    private const double Wanted = 0.9;

    /// <summary>Shares that may be cut off at each end, the narrowest band first.</summary>
    private static readonly double[] Tails = [0.1, 0.09, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01, 0];

    /// <returns>The band of truth ÷ estimate; null without enough runs.</returns>
    public static ErrorBand? Of(IReadOnlyList<Miss> misses, Quantity quantity, bool several)
    {
        var kin = misses.Where(miss => Kin(miss.Quantity, quantity)).ToArray();
        var tail = Tails.MinBy(one => Math.Abs(Covered(kin, one) - Wanted));
        return Between(kin, several, tail);
    }

    /// <summary>What the card shows is what is reserved and a context: they err alike.</summary>
    private static bool Kin(Quantity one, Quantity other) => (one is Quantity.Allocated) == (other is Quantity.Allocated);

    private static ErrorBand? Between(Miss[] misses, bool several, double tail)
    {
        var alike = misses.Where(miss => miss.Several == several).ToArray();
        var from = alike.Length >= Enough && alike.DistinctBy(miss => miss.Source).Count() > 1 ? alike : misses;
        return from.Length < Enough
            ? null
            : new(Math.Exp(-Percentile(from, 1 - tail)), Math.Exp(-Percentile(from, tail)), from.Length);
    }

    /// <summary>Share of the errors, sources weighing as the roots of their rows, that lie in a band made of the other sources.</summary>
    private static double Covered(Miss[] misses, double tail)
    {
        var (held, all) = (0.0, 0.0);
        foreach (var own in misses.GroupBy(miss => miss.Source))
        {
            var others = misses.Where(miss => miss.Source != own.Key).ToArray();
            var weight = 1 / Math.Sqrt(own.Count());
            foreach (var miss in own)
            {
                held += Between(others, miss.Several, tail) is { } band && Holds(band, miss.Error) ? weight : 0;
                all += weight;
            }
        }
        return all > 0 ? held / all : 1;
    }

    public static bool Holds(ErrorBand band, double error) => Math.Exp(-error) >= Math.Min(1, band.Low) && Math.Exp(-error) <= Math.Max(1, band.High);

    /// <summary>The error below which this share of the weight lies.</summary>
    private static double Percentile(Miss[] misses, double share)
    {
        var rows = misses.CountBy(miss => miss.Source).ToDictionary();
        var sorted = misses.OrderBy(miss => miss.Error).Select(miss => (miss.Error, Weight: 1 / Math.Sqrt(rows[miss.Source]))).ToArray();
        var (wanted, sum) = (share * sorted.Sum(one => one.Weight), 0.0);
        foreach (var (error, weight) in sorted)
        {
            sum += weight;
            if (sum >= wanted)
            {
                return error;
            }
        }
        return sorted[^1].Error;
    }
}
