using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// Growth after the first step that goes on: stairs in a rhythm, or a floor of live bytes that rises. What has lasted for n steps
/// lasts for another m with probability (n/(n+m))^a: Lindy's law, a Pareto tail of exponent a.
/// </summary>
internal static class GrowthThreat
{
    private const int LeastStairs = 3;
    private const int LeastFloors = 6;
    private const double LeastSignificance = 2.5;
    /// <summary>The tail's exponent: growth once begun mostly goes on.</summary>
    private const double Tail = 0.5;
    /// <summary>An evaluation loop keeps one batch's result at a time, like clockwork …</summary>
    private const double ClockworkDeviation = 0.1;
    /// <summary>… and begins after a long quiet, counted in its own intervals.</summary>
    private const double QuietGaps = 3;

    public static bool IsEvaluation(ProcessSeries series) => series.LiveRhythm.Count >= LeastStairs || IsClockwork(series.Rhythm);

    /// <summary>Stairs that NVML sees: the allocator asks the device for each.</summary>
    public static Threat? OfRhythm(ProcessSeries series) =>
        series.Rhythm.Count < LeastStairs
            ? null
            : Of(series, series.Rhythm, series.Stairs.Last, series.Available, IsClockwork(series.Rhythm) ? Cause.Evaluation : Cause.Leak);

    /// <summary>Stairs of live bytes, told by the process itself, that still fit into what the allocator has cached.</summary>
    public static Threat? OfLiveRhythm(ProcessSeries series) =>
        series.LiveRhythm.Count < LeastStairs
            ? null
            : Of(series, series.LiveRhythm, series.LiveStairs.Last, series.Capacity - series.Context - series.LiveStairs.Last.Level, Cause.Evaluation);

    public static Threat? OfFloor(ProcessSeries series)
    {
        var floor = series.LiveFloor;
        if (floor.Count < LeastFloors || floor.Significance < LeastSignificance || floor.Slope <= 0 || IsEvaluation(series))
        {
            return null;
        }
        var missing = (series.Capacity - series.Context - series.LivePeak!.Value).Count;
        var eta = Math.Max(0.1, missing / floor.Slope);
        return new Threat(Cause.Leak, GoesOn(floor.SpanSeconds, eta), eta, 0.5, new Bytes(missing));
    }

    private static Threat Of(ProcessSeries series, Rhythm rhythm, Stair last, Bytes free, Cause cause)
    {
        var waited = series.NowSeconds - last.TimeSeconds;
        var alive = Math.Exp(-Math.Max(0, waited / rhythm.GapSeconds - 1.5));
        var missing = Math.Ceiling((double)free.Count / rhythm.Rise.Count + 0.01);
        var eta = Math.Max(0.1, missing * rhythm.GapSeconds - waited);
        return new Threat(cause, alive * GoesOn(rhythm.Count, missing), eta, 0.4, rhythm.Rise * missing);
    }

    private static double GoesOn(double lasted, double more) => Math.Pow(lasted / (lasted + more), Tail);

    private static bool IsClockwork(Rhythm rhythm) =>
        rhythm.Count >= LeastStairs && rhythm.GapDeviation < ClockworkDeviation && rhythm.QuietSeconds > QuietGaps * rhythm.GapSeconds;
}
