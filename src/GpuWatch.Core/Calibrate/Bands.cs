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
/// 90 % intervals from the errors of sources that were left out: a twentieth is cut off at each end. A new user is a new source, so a source weighs as the
/// root of its rows.
/// </summary>
internal static class Bands
{
    /// <summary>Runs a band is made from at least.</summary>
    internal const int Enough = 10;

    private const double Tail = 0.05;

    /// <returns>The band of truth ÷ estimate; null without enough runs.</returns>
    public static ErrorBand? Of(IReadOnlyList<Miss> misses, Quantity quantity, bool several)
    {
        var kin = misses.Where(miss => Kin(miss.Quantity, quantity)).ToArray();
        var alike = kin.Where(miss => miss.Several == several).ToArray();
        var from = alike.Length >= Enough && alike.DistinctBy(miss => miss.Source).Count() > 1 ? alike : kin;
        return from.Length < Enough ? null : new(Math.Exp(-Percentile(from, 1 - Tail)), Math.Exp(-Percentile(from, Tail)), from.Length);
    }

    /// <summary>What the card shows is what is reserved and a context: they err alike.</summary>
    private static bool Kin(Quantity one, Quantity other) => (one is Quantity.Allocated) == (other is Quantity.Allocated);

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
