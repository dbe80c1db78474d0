using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// A training of which nothing is declared has filled the last of its room. Sixteen of 22 recorded ones died, half of those within half a minute, and who is still there after ten seconds is the likelier to stay; of drawn ones six in
/// ten: no page by itself, but worth a word until it has shown that it lives there. With a declaration the plan says more.
/// </summary>
internal static class FullThreat
{
    private const double FullShare = 0.03;
    private const double Deadly = 0.65;
    private const double HalfSeconds = 10;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler, Trade? trade)
    {
        if (reconciler.Plan is not null || !series.HasStepped || !series.SeenFromStart || trade is Trade.Serving || series.Available > series.Capacity * FullShare)
        {
            return null;
        }
        var since = series.NowSeconds - Math.Max(Math.Max(series.GrewSeconds, series.OthersGrewSeconds), series.FirstStepAtSeconds);
        return new Threat(Cause.LongBatch, Survival.Dies(Deadly, HalfSeconds, since), Math.Max(HalfSeconds, since), Survival.Spread, series.Available);
    }
}
