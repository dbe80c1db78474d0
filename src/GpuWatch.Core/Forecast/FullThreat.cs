using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// A training of which nothing is declared has filled the last of its room by itself. So did 24 recorded jobs and 472 drawn ones, and 20 and 379 of them
/// died; of those that nothing else had told of before 7 of 11 and 187 of 272. Who is still there after seconds is the likelier to stay. With a
/// declaration the plan says more, and where others took the room <see cref="NeighbourThreat"/> does.
/// </summary>
internal static class FullThreat
{
    private const double FullShare = 0.03;
    private const double Deadly = 0.7;
    /// <summary>The same where its command line names neither a training nor a server: only worth a warning.</summary>
    private const double UnknownDeadly = 0.55;
    private const double HalfSeconds = 10;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler, Trade? trade)
    {
        if (reconciler.Plan is not null || !series.HasStepped || !series.SeenFromStart || trade is Trade.Serving
            || series.Available > series.Capacity * FullShare || series.OthersGrown > series.Capacity * NeighbourThreat.BlameShare)
        {
            return null;
        }
        var since = series.NowSeconds - Math.Max(series.GrewSeconds, series.FirstStepAtSeconds);
        return new Threat(Cause.LongBatch, Survival.Dies(trade is Trade.Unknown ? UnknownDeadly : Deadly, HalfSeconds, since), Math.Max(HalfSeconds, since), Survival.Spread, series.Available);
    }
}
