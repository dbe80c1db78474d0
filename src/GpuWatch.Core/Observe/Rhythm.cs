using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>Stairs of one size at one interval: something is kept each time.</summary>
/// <param name="Count">How many of the last stairs are alike.</param>
/// <param name="GapSeconds">Mean interval.</param>
/// <param name="GapDeviation">Standard deviation of the interval, as a share of it; infinite where one long rise was cut into them.</param>
/// <param name="QuietSeconds">How long nothing had risen before the first of them.</param>
public readonly record struct Rhythm(int Count, Bytes Rise, double GapSeconds, double GapDeviation, double QuietSeconds)
{
    public const int LeastClockworkStairs = 3;
    /// <summary>An evaluation loop keeps one batch's result at a time, like clockwork …</summary>
    private const double ClockworkDeviation = 0.1;
    /// <summary>… and begins after a long quiet, counted in its own intervals.</summary>
    internal const double QuietGaps = 3;
    private const double SizeTolerance = 0.15;
    /// <summary>Stairs come when the cache is used up, which is never quite regular; nor is the sampling.</summary>
    private const double GapTolerance = 2.5;
    /// <summary>Smaller stairs between two alike are noise.</summary>
    private const double NoiseShare = 0.3;

    /// <summary>Regular, and begun after a long quiet: a leak is there from the first step on, and its stairs come when the cache is used up.</summary>
    public bool IsClockwork => Count >= LeastClockworkStairs && GapDeviation < ClockworkDeviation && QuietSeconds > QuietGaps * GapSeconds;

    public bool IsLike(Bytes rise) => Math.Abs(Rise / rise - 1) <= SizeTolerance;

    /// <summary>The rhythm of the last stairs that came after <paramref name="afterSeconds"/>; Count is 0 when there is none.</summary>
    /// <param name="before">The rhythm up to the stair before the last: it knows what the stairs have forgotten.</param>
    public static Rhythm Of(RecentStairs stairs, double afterSeconds, Rhythm before = default)
    {
        if (stairs.Count < 2 || !(stairs.Last.TimeSeconds > afterSeconds))
        {
            return default;
        }
        var reference = Largest(stairs);
        var (count, gaps, squares) = (0, 0.0, 0.0);
        var (later, first, i) = (double.NaN, double.NaN, stairs.Count - 1);
        var isCutUp = false;
        var above = stairs.Last.Level + reference;
        for (; i >= 0 && stairs[i].TimeSeconds > afterSeconds; i--)
        {
            var stair = stairs[i];
            if (stair.Rise < reference * NoiseShare)
            {
                continue;
            }
            var gap = later - stair.TimeSeconds;
            if (stair.Level >= above)
            {
                break;
            }
            if (Math.Abs(stair.Rise / reference - 1) > SizeTolerance || (count > 1 && !IsNear(gap, gaps / (count - 1))))
            {
                break;
            }
            if (count > 0)
            {
                gaps += gap;
                squares += gap * gap;
            }
            isCutUp |= stair.IsPart;
            (later, first, above, count) = (stair.TimeSeconds, stair.TimeSeconds, stair.Level, count + 1);
        }
        if (count < 2)
        {
            return default;
        }
        var mean = gaps / (count - 1);
        var variance = Math.Max(0, squares / (count - 1) - mean * mean);
        var deviation = isCutUp ? double.PositiveInfinity : Math.Sqrt(variance) / mean;
        return i >= 0 || !stairs.HasForgotten
            ? new Rhythm(count, reference, mean, deviation, first - (i >= 0 ? stairs[i].TimeSeconds : afterSeconds))
            : new Rhythm(Math.Max(count, before.Count + (stairs.Last.Rise < reference * NoiseShare ? 0 : 1)), reference, mean, deviation, before.QuietSeconds);
    }

    private static bool IsNear(double gap, double mean) => gap <= mean * GapTolerance && mean <= gap * GapTolerance;

    /// <summary>The larger of the last two: a small one after it may be noise.</summary>
    private static Bytes Largest(RecentStairs stairs) => Bytes.Max(stairs.Last.Rise, stairs[stairs.Count - 2].Rise);
}
