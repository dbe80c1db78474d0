using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// A device whose use rises from sample to sample, into where it has never been. Loading a model is that too, as fast as a disk delivers, and
/// ends where the model does: of the loads that fit, as many are still rising as there is room left, so only the last of it tells (Bayes' rule).
/// What rises faster is no load: what has grown by G grows by another F by <see cref="GrowthThreat"/>'s law.
/// </summary>
internal static class RampThreat
{
    private const int LeastRises = 4;
    /// <summary>A drive on PCIe 4.0 reads 7 GB/s.</summary>
    private static readonly Bytes FastestLoadPerSecond = Bytes.FromGiB(8);
    /// <summary>Loads that do not fit. With it a warning comes at 90 % of the card, where servers are told to stop, and a page at 95 %.</summary>
    private const double Fatal = 0.1;
    /// <summary>Less than this share above the old mark is no new ground.</summary>
    private const double NewGroundShare = 0.1;

    public static Threat? Of(ProcessSeries series, Constants constants)
    {
        var ramp = series.Ramp;
        if (ramp.Rises < LeastRises || series.Used < ramp.MarkBefore * (1 + NewGroundShare))
        {
            return null;
        }
        var free = Math.Max(1.0, series.Available.Count);
        var probability = ramp.BytesPerSecond > FastestLoadPerSecond.Count
            ? GrowthThreat.GoesOn(ramp.Grown.Count, free, constants)
            : Fatal / (Fatal + (1 - Fatal) * Math.Min(1, free / series.Capacity.Count));
        return new Threat(Cause.Growth, probability, free / ramp.BytesPerSecond, 0.7, series.Available);
    }
}
