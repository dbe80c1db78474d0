using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// The allocator has given cached blocks back with the device full: a request did not fit and was tried again (num_alloc_retries).
/// It lives from hand to mouth from then on; the next larger request ends it, and the longer none does, the less likely one will.
/// </summary>
internal static class WallThreat
{
    public static Threat? Of(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        if (series.Releases == 0)
        {
            return null;
        }
        var survived = series.NowSeconds - series.FirstReleaseSeconds;
        var cause = Blame(series, reconciler);
        return cause == Cause.Evaluation
            ? NextEvaluation(series, Survival.Dies(constants.WallDeadly, constants.NextEvaluationSeconds, survived), constants)
            : new Threat(cause, Survival.Dies(constants.WallDeadly, constants.WallSeconds, survived), Math.Max(constants.WallSeconds, survived), constants.WallSpread, series.Available);
    }

    /// <summary>
    /// Training itself fits: the next evaluation begins after as much training as the last, and comes to the wall by its stairs. Once it is due it is
    /// due all the time.
    /// </summary>
    private static Threat NextEvaluation(ProcessSeries series, double dies, Constants constants)
    {
        var evaluations = series.Evaluations;
        if (double.IsNaN(evaluations.EndedSeconds) || double.IsNaN(evaluations.TrainedSeconds))
        {
            return new Threat(Cause.Evaluation, dies, constants.NextEvaluationSeconds, constants.NextEvaluationSpread, series.Available);
        }
        var whole = evaluations.UntilFullSeconds(series.Available);
        var left = Math.Max(whole - (series.NowSeconds - evaluations.EndedSeconds), whole * constants.EvaluationPaceSpread);
        return new Threat(Cause.Evaluation, dies, left, constants.EvaluationPaceSpread * whole / left, series.Available)
        {
            Punctual = constants.ThisEvaluation,
            LaterSeconds = whole,
        };
    }

    private static Cause Blame(ProcessSeries series, Reconciler reconciler) =>
        series.OthersGrown > series.Capacity * NeighbourThreat.BlameShare ? Cause.Neighbour
        : series.IsEvaluationAtTheWall ? Cause.Evaluation
        : Growth.IsLeak(series, reconciler) ? Cause.Leak
        : double.IsNaN(series.SettledAtSeconds) ? Cause.FirstOptimizer
        : Cause.LongBatch;
}
