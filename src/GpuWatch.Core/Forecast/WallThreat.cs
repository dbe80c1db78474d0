using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// The allocator has given cached blocks back with the device full: a request did not fit and was tried again (num_alloc_retries).
/// It lives from hand to mouth from then on; the next larger request ends it, and the longer none does, the less likely one will.
/// </summary>
internal static class WallThreat
{
    /// <summary>Others that took this share of what the process can hold are to blame.</summary>
    private const double NeighbourShare = 0.1;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        if (series.Releases == 0)
        {
            return null;
        }
        var survived = series.NowSeconds - series.FirstReleaseSeconds;
        var cause = Blame(series, reconciler);
        var half = cause == Cause.Evaluation ? constants.NextEvaluationSeconds : constants.WallSeconds;
        var median = cause == Cause.Evaluation ? half : Math.Max(half, survived);
        return new Threat(cause, Survival.Dies(constants.WallDeadly, half, survived), median, cause == Cause.Evaluation ? constants.NextEvaluationSpread : constants.WallSpread, series.Available);
    }

    private static Cause Blame(ProcessSeries series, Reconciler reconciler) =>
        series.OthersGrown > series.Capacity * NeighbourShare ? Cause.Neighbour
        : series.IsEvaluationAtTheWall ? Cause.Evaluation
        : GrowthThreat.IsLeak(series, reconciler) ? Cause.Leak
        : double.IsNaN(series.SettledAtSeconds) ? Cause.FirstOptimizer
        : Cause.LongBatch;
}
