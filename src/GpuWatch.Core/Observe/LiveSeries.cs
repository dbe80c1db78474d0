using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>The fold over the live bytes that PyTorch tells of itself: what NVML, which sees the cache, cannot.</summary>
public sealed class LiveSeries
{
    /// <summary>A stair of live bytes is flat for some samples; what rises with each is a step seen at changing moments.</summary>
    private const int LeastStairSamples = 3;
    /// <summary>Optimizer states appear in the first step; growth is only looked for after it.</summary>
    private const double WarmUpSeconds = 4;
    /// <summary>Live bytes that have not fallen for this long belong to no training step, and their floor says nothing of a leak.</summary>
    private const double LongestStepSeconds = 5;

    private Bytes last;
    private double lastFallSeconds;

    /// <summary>Most live bytes it has told; null when it tells nothing.</summary>
    public Bytes? Peak { get; private set; }
    /// <summary>Live bytes at rest before the first step; null before it, and when it tells nothing.</summary>
    public Bytes? Loaded { get; private set; }
    /// <summary>Fewest live bytes seen in its steady phase: what stays from step to step; null before it.</summary>
    public Bytes? Least { get; private set; }
    /// <summary>Floor since the first step.</summary>
    public Floor Floor { get; } = new(windowSeconds: 2);
    /// <summary>Rises since it last fell, and their rhythm.</summary>
    public RecentStairs Stairs { get; } = new();
    public Rhythm Rhythm { get; private set; }
    /// <summary>It has fallen of late, as it does at the end of every training step.</summary>
    public bool IsStepping { get; private set; }

    /// <param name="isAtRest">The process has not asked the device for more since the last sample.</param>
    internal void Observe(double time, Bytes live, bool isAtRest, PhaseTracker phase, double periodSeconds)
    {
        FollowStairs(time, live, phase, periodSeconds);
        Peak = Bytes.Max(Peak ?? live, live);
        if (phase.Phase == JobPhase.Loading)
        {
            Loaded = isAtRest ? live : Loaded;
        }
        else if (phase.Phase == JobPhase.Steady)
        {
            Least = Bytes.Min(Least ?? live, live);
        }
        IsStepping = time - lastFallSeconds < Math.Max(LongestStepSeconds, 10 * periodSeconds);
        if (IsStepping && phase.Phase != JobPhase.Loading && time - phase.FirstStepSeconds > WarmUpSeconds)
        {
            Floor.Observe(time, live.Count, periodSeconds);
        }
    }

    /// <summary>Training's live bytes fall at the end of every step; a loop that keeps what it computes only climbs.</summary>
    private void FollowStairs(double time, Bytes live, PhaseTracker phase, double periodSeconds)
    {
        if (live < last)
        {
            Stairs.Clear();
            (Rhythm, lastFallSeconds) = (default, time);
        }
        else if (live > last && phase.Phase != JobPhase.Loading)
        {
            Stairs.Add(new Stair(time, live - last, live), 0);
            var rhythm = Rhythm.Of(Stairs, phase.FirstStepSeconds);
            Rhythm = rhythm.GapSeconds >= LeastStairSamples * periodSeconds ? rhythm : default;
        }
        last = live;
    }
}
