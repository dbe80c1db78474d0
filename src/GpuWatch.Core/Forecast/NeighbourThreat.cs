using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// Other tenants take what is left. Whether this process will ask for more decides: half of those recorded did; one whose cache is cut
/// up by batches of many shapes will, for the next new shape finds no piece that fits.
/// </summary>
internal static class NeighbourThreat
{
    private const double NeedsMore = 0.5;
    private const double CutUpNeedsMore = 0.8;
    /// <summary>Held over planned live bytes of a cache cut up by changing shapes; one shape reaches 1.4.</summary>
    private const double CutUpRatio = 1.5;
    private const double LeastShare = 0.1;
    private const double FullShare = 0.02;
    /// <summary>Median time from a full device to the request that does not fit.</summary>
    private const double FromFullSeconds = 60;
    private const double Spread = 1;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler)
    {
        var climb = series.OthersClimb;
        var isFull = series.Available < series.Capacity * FullShare;
        if (series.OthersGrown < series.Capacity * LeastShare || (!isFull && climb.BytesPerSecond <= 0))
        {
            return null;
        }
        var untilFull = isFull ? 0 : series.Available.Count / climb.BytesPerSecond;
        var goesOn = isFull ? 1 : climb.Grown.Count / (double)(climb.Grown + series.Available).Count;
        return new Threat(Cause.Neighbour, (IsCutUp(series, reconciler) ? CutUpNeedsMore : NeedsMore) * goesOn, untilFull + FromFullSeconds, Spread, series.Available);
    }

    private static bool IsCutUp(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Plan is { } plan && series.Held > plan.PeakAllocated.Likely * CutUpRatio;
}
