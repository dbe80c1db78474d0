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

    /// <summary>Of the other ways' mean error, by which a cause is known well enough to be believed for jobs that were not seen.</summary>
    private const double TwiceAsClose = 0.5;

    /// <summary>A way to make a profile, judged on runs it was not fitted to.</summary>
    private sealed record Candidate(Profile Profile, List<Profile> Refits, double[] LeftOut)
    {
        public Errors Errors { get; } = Errors.Of(LeftOut);

        /// <summary>Less than this share of others, on the mean, and noticeably so.</summary>
        public bool Errs(double share, Errors others) => Errors.Typical < share * others.Typical - LeastGain;
    }

    /// <param name="start">The profile to start from, and to hold to.</param>
    /// <param name="shipped">Only the knobs of the shipped profile are turned; else all.</param>
    public static Calibrated Of(IReadOnlyList<MeasuredRun> given, Profile start, bool shipped)
    {
        // A run that is written down twice would judge the profile that was fitted on it.
        IReadOnlyList<MeasuredRun> runs = shipped ? given : [.. given.DistinctBy(run => (run.Source, run.Quantity, run.Peak, run.Error(start)))];
        var before = Errors.Of(runs.Select(run => run.Error(start)));
        var (found, everywhere) = shipped ? (Judged(runs, start, seen => Shipped(seen, start)), true) : OfItsOwn(runs, start, before);
        var kinds = everywhere ? [] : Kinds.Nearer(runs, found.LeftOut, start, LeastGain);
        var leftOut = everywhere ? found.LeftOut : [.. runs.Select((run, i) => kinds.Contains(run.Kind) ? found.LeftOut[i] : run.Error(start))];
        var profile = found.Profile with
        {
            Coefficients = [.. found.Profile.Coefficients.Select(one => Interval(one, found.Refits, runs, start, shipped))],
            Bands = BandsOf(runs, leftOut, start),
            Rows = runs.Count,
            Sources = [.. runs.Select(run => run.Source).Distinct().Order(StringComparer.Ordinal)],
            Gpus = [.. runs.Select(run => run.Gpu).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            Driver = Told(runs.Select(run => run.Driver)),
            Framework = Told(runs.Select(run => run.Framework)),
            Scope = everywhere ? null : new(kinds, start),
        };
        var after = Errors.Of(leftOut);
        return new(profile, before, after, runs.Count >= EnoughToKeep && IsBetter(before, after, shipped), [.. leftOut]);
    }

    /// <summary>
    /// Ways to learn from a source's own runs, the one that believes them least first: the middle, to which nothing is fitted; caches half way to theirs; what they make
    /// evident. A later one must err less on runs it was not fitted to. What errs <see cref="TwiceAsClose"/> is the machine's, whatever it runs.
    /// </summary>
    private static (Candidate Found, bool Everywhere) OfItsOwn(IReadOnlyList<MeasuredRun> runs, Profile start, Errors before)
    {
        var middle = Lean.Undone(start);
        var best = Judged(runs, start, _ => middle);
        var halfWay = Judged(runs, start, seen => HalfWay.To(seen, middle));
        best = halfWay.Errs(1, best.Errors) ? halfWay : best;
        var evident = Judged(runs, start, seen => Evident.To(seen, middle));
        return evident.Errs(TwiceAsClose, best.Errors) && evident.Errs(TwiceAsClose, before) ? (evident, true)
            : (evident.Errs(1, best.Errors) ? evident : best, false);
    }

    private static Candidate Judged(IReadOnlyList<MeasuredRun> runs, Profile start, Func<IReadOnlyList<MeasuredRun>, Profile> fit)
    {
        var leftOut = new double[runs.Count];
        var refits = new List<Profile>();
        foreach (var fold in FoldsOf(runs))
        {
            var seen = runs.Where((_, i) => !fold.Contains(i)).ToList();
            var refit = seen.Count == 0 ? start : fit(seen);
            refits.Add(refit);
            foreach (var i in fold)
            {
                leftOut[i] = runs[i].Error(refit);
            }
        }
        return new(fit(runs), refits, leftOut);
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

    /// <summary>The shipped profile of these runs: fitted, then leaned.</summary>
    internal static Profile Shipped(IReadOnlyList<MeasuredRun> runs, Profile start) => Lean.To(runs, Fit.To(runs, start));

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
