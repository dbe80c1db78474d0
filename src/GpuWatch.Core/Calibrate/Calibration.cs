using System.Collections.Immutable;
using GpuWatch.Core.Estimate;
using MathNet.Numerics.Statistics;

namespace GpuWatch.Core.Calibrate;

/// <summary>Errors of estimates on measured runs.</summary>
/// <param name="MedianApe">Median of |estimate − truth| ÷ truth.</param>
/// <param name="Bias">Median of (estimate − truth) ÷ truth.</param>
/// <param name="Typical">Mean of |ln(estimate ÷ truth)|.</param>
/// <param name="Cost">Mean of what the fit makes small: robust, and dearer where the estimate is too low.</param>
public sealed record Errors(double MedianApe, double P90Ape, double Bias, double Cost, double Typical)
{
    public static Errors Of(IEnumerable<double> logarithms)
    {
        var errors = logarithms.ToArray();
        var relative = errors.Select(error => Math.Exp(error) - 1).ToArray();
        var absolute = relative.Select(Math.Abs).ToArray();
        return new(absolute.Median(), absolute.Quantile(0.9), relative.Median(), errors.Average(Fit.Cost), errors.Average(Math.Abs));
    }
}

/// <summary>What a calibration found.</summary>
/// <param name="Before">Of the profile it started from.</param>
/// <param name="After">Of profiles fitted without the runs they were judged on.</param>
/// <param name="Helps">Whether the deciding measure of After is better, so that the profile is worth keeping: <see cref="Calibration.DecidedBy"/>.</param>
/// <param name="LeftOut">ln(estimate ÷ truth) of each run by a profile that was not fitted on it, in the order of the runs.</param>
public sealed record Calibrated(Profile Profile, Errors Before, Errors After, bool Helps, ImmutableArray<double> LeftOut);

/// <summary>Fits a profile and judges it on runs it has not seen: whole sources are left out in turn, or fifths of the runs where there is one source.</summary>
public static class Calibration
{
    /// <summary>Runs that a profile is kept from at least: one left out of fewer says nothing.</summary>
    public const int EnoughToKeep = 5;

    private const int Folds = 5;

    /// <summary>Standard deviations to either side that hold 90 % of a normal distribution.</summary>
    private const double Normal95 = 1.645;

    /// <summary>The mean error must fall by this much, half of a tenth of a percent; less is noise.</summary>
    private const double LeastGain = 0.0005;

    /// <summary>A way to make a profile, judged on runs it was not fitted to.</summary>
    private sealed record Candidate(Profile Profile, List<Profile> Refits, double[] LeftOut)
    {
        public Errors Errors { get; } = Errors.Of(LeftOut);
    }

    /// <param name="start">The profile to start from, and to hold to.</param>
    /// <param name="shipped">Only the knobs of the shipped profile are turned; else all.</param>
    public static Calibrated Of(IReadOnlyList<MeasuredRun> given, Profile start, bool shipped)
    {
        // A run that is written down twice would judge the profile that was fitted on it.
        IReadOnlyList<MeasuredRun> runs = shipped ? given : [.. given.DistinctBy(run => (run.Source, run.Quantity, run.Peak, run.Error(start)))];
        var before = Errors.Of(runs.Select(run => run.Error(start)));
        var found = Refitted(runs, start, shipped);
        if (!shipped && Middle(runs, start) is var middle && found.Errors.Typical > middle.Errors.Typical - LeastGain)
        {
            found = middle;
        }
        var profile = found.Profile with
        {
            Coefficients = [.. found.Profile.Coefficients.Select(one => Interval(one, found.Refits, runs, start, shipped))],
            Bands = BandsOf(runs, found.LeftOut, start),
            Rows = runs.Count,
            Sources = [.. runs.Select(run => run.Source).Distinct().Order(StringComparer.Ordinal)],
            Gpus = [.. runs.Select(run => run.Gpu).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            Driver = Told(runs.Select(run => run.Driver)),
            Framework = Told(runs.Select(run => run.Framework)),
        };
        return new(profile, before, found.Errors, runs.Count >= EnoughToKeep && IsBetter(before, found.Errors, shipped), [.. found.LeftOut]);
    }

    private static Candidate Refitted(IReadOnlyList<MeasuredRun> runs, Profile start, bool shipped)
    {
        var leftOut = new double[runs.Count];
        var refits = new List<Profile>();
        foreach (var fold in FoldsOf(runs))
        {
            var seen = runs.Where((_, i) => !fold.Contains(i)).ToList();
            var refit = seen.Count == 0 ? start : To(seen, start, shipped);
            refits.Add(refit);
            foreach (var i in fold)
            {
                leftOut[i] = runs[i].Error(refit);
            }
        }
        return new(To(runs, start, shipped), refits, leftOut);
    }

    /// <summary>The profile without its leaning: nothing is fitted to the runs, so each of them judges it.</summary>
    private static Candidate Middle(IReadOnlyList<MeasuredRun> runs, Profile start)
    {
        var middle = Lean.Undone(start);
        return new(middle, [middle], [.. runs.Select(run => run.Error(middle))]);
    }

    private static string? Told(IEnumerable<string?> values) =>
        values.OfType<string>().Distinct().Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } told ? string.Join(", ", told) : null;

    /// <summary>
    /// What decides, in words. A user's profile must lower the mean error on runs it has not seen. The shipped one is judged by its cost
    /// (docs/decisions/0011).
    /// </summary>
    public static string DecidedBy(bool shipped) => shipped ? "mean cost, in which too low is dearer" : "mean error";

    private static bool IsBetter(Errors before, Errors after, bool shipped) =>
        shipped ? after.Cost < before.Cost : after.Typical < before.Typical - LeastGain;

    internal static Profile To(IReadOnlyList<MeasuredRun> runs, Profile start, bool shipped) =>
        shipped ? Lean.To(runs, Fit.To(runs, start)) : Evident.To(runs, Lean.Undone(start));

    private static List<HashSet<int>> FoldsOf(IReadOnlyList<MeasuredRun> runs)
    {
        var bySource = runs.Select((run, i) => (run.Source, i)).GroupBy(pair => pair.Source).Select(group => group.Select(pair => pair.i).ToHashSet()).ToList();
        return bySource.Count > 1
            ? bySource
            : [.. Enumerable.Range(0, Math.Min(Folds, runs.Count)).Select(fold => Enumerable.Range(0, runs.Count).Where(i => i % Folds == fold).ToHashSet())];
    }

    /// <summary>
    /// The 90 % interval: the jackknife's, how far the refits lie apart, and of the knob's own spread what the runs leave open. A knob that nothing turned is
    /// as little known as before, by none of these runs; where leaning was undone, as far to either side of the middle.
    /// </summary>
    private static Coefficient Interval(Coefficient one, List<Profile> refits, IReadOnlyList<MeasuredRun> runs, Profile start, bool shipped)
    {
        var range = Knobs.All[(int)one.Knob];
        var middle = shipped ? start[one.Knob] : Lean.Undone(start)[one.Knob];
        if (one.Value == middle && refits.TrueForAll(refit => refit[one.Knob] == middle || refit[one.Knob] == start[one.Knob]))
        {
            var before = start.Coefficients[(int)one.Knob];
            var moved = one.Value - before.Value;
            return new(one.Knob, one.Value, Math.Clamp(before.Low + moved, range.Least, one.Value), Math.Clamp(before.High + moved, one.Value, range.Most), 0);
        }
        var feeling = runs.Where(run => run.Feels(one.Knob)).ToArray();
        var jackknife = (refits.Count - 1.0) / refits.Count * refits.Sum(refit => Math.Pow(refit[one.Knob] - one.Value, 2));
        var open = shipped ? Fit.LeftOpen(feeling, start.With(one.Knob, one.Value), one.Knob) * range.Spread * range.Spread : 0;
        var reach = Normal95 * Math.Sqrt(jackknife + open);
        return one with { Low = Math.Max(range.Least, one.Value - reach), High = Math.Min(range.Most, one.Value + reach), Rows = feeling.Length };
    }

    /// <summary>A band without enough runs keeps what it was.</summary>
    private static ImmutableArray<ErrorBand> BandsOf(IReadOnlyList<MeasuredRun> runs, double[] leftOut, Profile start)
    {
        var misses = Miss.Of(runs, leftOut);
        return [.. start.Bands.Select((band, index) => Bands.Of(misses, (Quantity)(index / 2), index % 2 == 1) ?? band)];
    }
}
