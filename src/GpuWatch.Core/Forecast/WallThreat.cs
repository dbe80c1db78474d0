using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// The allocator has given cached blocks back with the device full: a request did not fit and was tried again (num_alloc_retries).
/// It lives from hand to mouth from then on; the next larger request ends it, and the longer none does, the less likely one will.
/// </summary>
internal static class WallThreat
{
    /// <summary>Share of recorded jobs that died after their first release at the wall: 18 of 18, with Laplace's two imagined survivors.</summary>
    private const double Deadly = 0.9;
    private const double MedianSeconds = 20;
    private const double Spread = 1.2;
    /// <summary>Once evaluation has ended, the next one is the danger.</summary>
    public const double NextEvaluationSeconds = 300;
    private const double NextEvaluationSpread = 0.7;
    /// <summary>Others that took this share of what the process can hold are to blame.</summary>
    private const double NeighbourShare = 0.1;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler)
    {
        if (series.Releases == 0)
        {
            return null;
        }
        var survived = series.NowSeconds - series.FirstReleaseSeconds;
        var cause = Blame(series, reconciler);
        var half = cause == Cause.Evaluation ? NextEvaluationSeconds : MedianSeconds;
        var median = cause == Cause.Evaluation ? half : Math.Max(half, survived);
        return new Threat(cause, Survival.Dies(Deadly, half, survived), median, cause == Cause.Evaluation ? NextEvaluationSpread : Spread, series.Available);
    }

    private static Cause Blame(ProcessSeries series, Reconciler reconciler) =>
        series.OthersGrown > series.Capacity * NeighbourShare ? Cause.Neighbour
        : series.IsEvaluationAtTheWall ? Cause.Evaluation
        : GrowthThreat.IsLeak(series, reconciler) ? Cause.Leak
        : double.IsNaN(series.SettledAtSeconds) ? Cause.FirstOptimizer
        : Cause.LongBatch;
}
