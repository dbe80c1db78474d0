using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// A rise that goes on from sample to sample. How long it will last is told by how long it has lasted: what has grown by G grows by
/// another F with probability G/(G+F) (Lindy's law, the Pareto tail of exponent 1).
/// </summary>
internal static class RampThreat
{
    private const int LeastRises = 4;

    public static Threat? Of(ProcessSeries series)
    {
        var ramp = series.Ramp;
        if (ramp.Rises < LeastRises || series.Available.Count <= 0)
        {
            return null;
        }
        var grown = (double)ramp.Grown.Count;
        var free = (double)series.Available.Count;
        return new Threat(Cause.Growth, grown / (grown + free), free / ramp.BytesPerSecond, 0.7, series.Available);
    }
}
