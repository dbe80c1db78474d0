using GpuWatch.Core.Estimate;

namespace GpuWatch.Core.Calibrate;

/// <summary>
/// How far to lean to the safe side. What the allocator caches is the least known part of a peak, so it is taken as large as it must be for few
/// estimates to be much too low: a job that is told to fit and dies costs more than room that stays free.
/// </summary>
internal static class Lean
{
    /// <summary>An estimate is much too low below this share of the truth.</summary>
    private static readonly double MuchTooLow = Math.Log(0.9);

    /// <summary>Share of the runs, sources weighing as the roots of their rows, that may be much too low.</summary>
    private const double Allowed = 0.1;

    private const double Step = 0.05, Most = 2;

    public static Profile To(IReadOnlyList<MeasuredRun> runs, Profile start)
    {
        var feeling = runs.Where(run => run.Feels(Knob.Caches)).ToArray();
        var rows = feeling.CountBy(run => run.Source).ToDictionary();
        var all = feeling.Sum(run => 1 / Math.Sqrt(rows[run.Source]));
        var factor = 1.0;
        for (; factor < Most; factor += Step)
        {
            var leaning = start.With(Knob.Caches, factor);
            if (feeling.Sum(run => run.Error(leaning) < MuchTooLow ? 1 / Math.Sqrt(rows[run.Source]) : 0) <= Allowed * all)
            {
                break;
            }
        }
        return start.With(Knob.Caches, factor);
    }
}
