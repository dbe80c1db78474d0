using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// A device whose use rises from sample to sample, into where it has never been. What has grown by G grows by another F with
/// probability (G/(G+F))^a: Lindy's law, as in <see cref="GrowthThreat"/>.
/// </summary>
internal static class RampThreat
{
    private const int LeastRises = 4;
    private const double Tail = 0.5;
    /// <summary>Less than this share above the old mark is no new ground.</summary>
    private const double NewGroundShare = 0.1;

    public static Threat? Of(ProcessSeries series)
    {
        var ramp = series.Ramp;
        if (ramp.Rises < LeastRises || series.Used < ramp.MarkBefore * (1 + NewGroundShare))
        {
            return null;
        }
        var grown = (double)ramp.Grown.Count;
        var free = Math.Max(1.0, series.Available.Count);
        return new Threat(Cause.Growth, Math.Pow(grown / (grown + free), Tail), free / ramp.BytesPerSecond, 0.7, series.Available);
    }
}
