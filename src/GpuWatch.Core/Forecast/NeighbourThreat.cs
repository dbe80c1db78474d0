using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Forecast;

/// <summary>Other tenants take what is left. Whether this process needs any of it is not known here: half of those recorded did.</summary>
internal static class NeighbourThreat
{
    private const double NeedsMore = 0.5;
    private const double LeastShare = 0.1;
    private const double FullShare = 0.02;
    /// <summary>Median time from a full device to the request that does not fit.</summary>
    private const double FromFullSeconds = 60;
    private const double Spread = 1;

    public static Threat? Of(ProcessSeries series)
    {
        var climb = series.OthersClimb;
        var isFull = series.Available < series.Capacity * FullShare;
        if (series.OthersGrown < series.Capacity * LeastShare || (!isFull && climb.BytesPerSecond <= 0))
        {
            return null;
        }
        var untilFull = isFull ? 0 : series.Available.Count / climb.BytesPerSecond;
        var goesOn = isFull ? 1 : climb.Grown.Count / (double)(climb.Grown + series.Available).Count;
        return new Threat(Cause.Neighbour, NeedsMore * goesOn, untilFull + FromFullSeconds, Spread, series.Available);
    }
}
