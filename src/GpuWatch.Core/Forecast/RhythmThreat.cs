using GpuWatch.Core.Estimate;
using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// Stairs of one size at one interval, after the first step: something is kept each time. n of them promise another m with
/// probability n/(n+m). One saw-tooth is no stair: a stair is a level never held since memory was last given back.
/// </summary>
internal static class RhythmThreat
{
    private const int LeastStairs = 3;
    private const double SizeTolerance = 0.15;
    private const double GapTolerance = 0.4;

    public static Threat? Of(ProcessSeries series, Plan? plan)
    {
        var count = Length(series.Stairs, series.FirstStepSeconds);
        if (count < LeastStairs || (plan is not null && series.Held < plan.PeakReserved.Likely))
        {
            return null;
        }
        var stairs = series.Stairs;
        var gap = (stairs.Last.TimeSeconds - stairs[stairs.Count - count].TimeSeconds) / (count - 1);
        var waited = series.NowSeconds - stairs.Last.TimeSeconds;
        var missing = (double)series.Available.Count / stairs.Last.Rise.Count;
        var alive = Math.Exp(-Math.Max(0, waited / gap - 1.5));
        return new Threat(Cause.Leak, alive * count / (count + missing), Math.Max(0.1, missing * gap), 0.4, stairs.Last.Rise * Math.Ceiling(missing));
    }

    /// <summary>How many of the last stairs are alike in size and in distance.</summary>
    private static int Length(RecentStairs stairs, double afterSeconds)
    {
        var count = 0;
        for (var i = stairs.Count - 1; i >= 0 && stairs[i].TimeSeconds > afterSeconds && Alike(stairs, i); i--)
        {
            count++;
        }
        return count;
    }

    private static bool Alike(RecentStairs stairs, int index)
    {
        var last = stairs.Last;
        if (Math.Abs(stairs[index].Rise / last.Rise - 1) > SizeTolerance)
        {
            return false;
        }
        if (index >= stairs.Count - 2)
        {
            return true;
        }
        var gap = stairs[index + 1].TimeSeconds - stairs[index].TimeSeconds;
        var lastGap = last.TimeSeconds - stairs[stairs.Count - 2].TimeSeconds;
        return Math.Abs(gap / lastGap - 1) <= GapTolerance;
    }
}
