using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// Other tenants take what is left. Whether this process will ask for more decides: one that holds less than its plan needs will, and one whose cache
/// is cut up by batches of many shapes and still grows, for the next new shape finds no piece that fits. Of the others half of those recorded did.
/// </summary>
internal static class NeighbourThreat
{
    /// <summary>Held over live bytes of a cache cut up by changing shapes; one shape reaches 1.4.</summary>
    private const double CutUpRatio = 1.5;
    /// <summary>It still grows if it did in the last quarter of its steps.</summary>
    private const double StillShare = 0.25;
    /// <summary>Others that took this share of what the process can hold are to blame for what it lacks.</summary>
    public const double BlameShare = 0.1;
    private const double FullShare = 0.02;
    /// <summary>Nothing declared, and flat for longer than this: nothing says that it still needs anything.</summary>
    private const double RecentSeconds = 300;
    /// <summary>Others that take this share of what the process can hold, and go on, are told.</summary>
    private const double ToldShare = 0.05;
    private const double ToldEtaSeconds = 600;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        var climb = series.OthersClimb;
        var isFull = series.Available < series.Capacity * FullShare;
        if (!MayNeedMore(series, reconciler) || series.OthersGrown < series.Capacity * BlameShare || (!isFull && climb.BytesPerSecond <= 0))
        {
            return null;
        }
        var needs = Needs(series, reconciler, constants);
        if (isFull)
        {
            var survived = series.NowSeconds - series.OthersGrewSeconds;
            return new Threat(Cause.Neighbour, Survival.Dies(needs, constants.NeighbourSeconds, survived), constants.NeighbourSeconds + survived, Survival.Spread, series.Available);
        }
        var untilFull = series.Available.Count / climb.BytesPerSecond;
        var goesOn = GrowthThreat.GoesOn(climb.Grown.Count, series.Available.Count, constants);
        return new Threat(Cause.Neighbour, needs * goesOn, untilFull + constants.NeighbourSeconds, constants.NeighbourSpread, series.Available);
    }

    /// <summary>The room shrinks, and this process may miss it: worth a word before it is a threat.</summary>
    public static bool IsTold(ProcessSeries series, Reconciler reconciler) =>
        series.OthersGrown > series.Capacity * ToldShare
        && (NeedsMoreThanIsLeft(series, reconciler) || (MayNeedMore(series, reconciler) && IsRunningOut(series)));

    /// <summary>
    /// It has a plan, or has grown of late. A tenant known only as flat, a server say, loses nothing when others take the rest; one that grew
    /// after all others is itself the neighbour.
    /// </summary>
    private static bool MayNeedMore(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Plan is not null || (series.NowSeconds - series.GrewSeconds < RecentSeconds && series.GrewSeconds < series.OthersGrewSeconds);

    private static bool NeedsMoreThanIsLeft(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Plan is { } plan && !reconciler.IsFulfilled && plan.PeakReserved.Likely - series.Held > series.Available;

    /// <summary>They have taken a third of what is left, and the rest is gone within minutes at their pace.</summary>
    private static bool IsRunningOut(ProcessSeries series)
    {
        var climb = series.OthersClimb;
        return series.Available < series.Capacity * ToldShare
            || (climb.BytesPerSecond > 0 && climb.Grown * 3 > series.Available && series.Available.Count / climb.BytesPerSecond < ToldEtaSeconds);
    }

    /// <summary>Probability 0–1 that it asks for more than it holds.</summary>
    private static double Needs(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        var rested = series.NowSeconds - Math.Max(series.GrewSeconds, series.StartedSeconds);
        return reconciler.Plan is { } plan && series.Held < plan.PeakAllocated.Likely * (constants.Reach * reconciler.Tightness)
                ? Survival.Dies(constants.NeighbourNeedsPlanned, RecentSeconds, rested)
            : IsCutUp(series, reconciler) && rested < (series.NowSeconds - series.FirstStepAtSeconds) * StillShare ? constants.NeighbourNeedsCutUp
            : constants.NeighbourNeeds;
    }

    /// <summary>By what was ever live where the process tells it, else by what is planned to be.</summary>
    private static bool IsCutUp(ProcessSeries series, Reconciler reconciler) =>
        (series.LivePeak ?? reconciler.Plan?.PeakAllocated.Likely) is { } live && series.Held > live * CutUpRatio;
}
