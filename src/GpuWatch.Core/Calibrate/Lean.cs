using GpuWatch.Core.Estimate;

namespace GpuWatch.Core.Calibrate;

/// <summary>
/// How far to lean to the safe side. What the allocator caches is the least known part of a peak, so it is taken as large as it must be for few
/// estimates to be much too low: a job that is told to fit and dies costs more than room that stays free. What one stream caches is judged by jobs that
/// are not sharded, what others keep beside it by those that are.
/// </summary>
internal static class Lean
{
    /// <summary>An estimate is much too low below this share of the truth.</summary>
    private static readonly double MuchTooLow = Math.Log(0.9);

    /// <summary>Share of the runs, sources weighing as the roots of their rows, that may be much too low.</summary>
    private const double Allowed = 0.1;

    /// <summary>A cache is taken at most this much larger: what is too low beyond that is something else's fault, which no cache mends.</summary>
    private const double Step = 0.05, Most = 1.95;

    public static Profile To(IReadOnlyList<MeasuredRun> runs, Profile start)
    {
        var cached = runs.Where(run => run.Feels(Knob.Caches)).ToArray();
        var played = Enough([.. cached.Where(run => !run.Feels(Knob.CacheSharded))], factor => Turned(start, factor, Knob.Cache, Knob.CacheVarying));
        return Enough([.. cached.Where(run => run.Feels(Knob.CacheSharded))], factor => Turned(played, factor, Knob.CacheSharded));
    }

    /// <summary>
    /// The middle again, as a source with runs of its own wants it: leaning is for those of which nothing is known. Own runs may lean it again.
    /// </summary>
    public static Profile Undone(Profile leaning) =>
        leaning.With(Knob.Cache, Profile.Prior[Knob.Cache]).With(Knob.CacheVarying, Profile.Prior[Knob.CacheVarying]);

    private static Profile Enough(MeasuredRun[] runs, Func<double, Profile> leaning)
    {
        var sources = Miss.SourcesOf(runs);
        var rows = sources.CountBy(source => source).ToDictionary();
        var weights = sources.Select(source => 1 / Math.Sqrt(rows[source])).ToArray();
        var factor = 1.0;
        while (factor < Most && TooLow(runs, weights, leaning(factor)) > Allowed * weights.Sum())
        {
            factor += Step;
        }
        return leaning(Math.Min(factor, Most));
    }

    private static double TooLow(MeasuredRun[] runs, double[] weights, Profile profile) =>
        runs.Zip(weights).Sum(pair => pair.First.Error(profile) < MuchTooLow ? pair.Second : 0);

    private static Profile Turned(Profile profile, double factor, params ReadOnlySpan<Knob> knobs)
    {
        foreach (var knob in knobs)
        {
            profile = profile.With(knob, Math.Min(profile[knob] * factor, Knobs.All[(int)knob].Most));
        }
        return profile;
    }
}
