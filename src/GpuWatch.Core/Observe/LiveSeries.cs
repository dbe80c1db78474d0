using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>
/// The fold over the live bytes that PyTorch tells of itself: what NVML, which sees the cache, cannot. It goes by their changes, so it
/// does not matter how often a value was seen that had not changed.
/// </summary>
public sealed class LiveSeries
{
    /// <summary>A stair of live bytes is flat for some periods; what rises with each is a step seen at changing moments.</summary>
    private const int LeastStairPeriods = 3;
    /// <summary>Optimizer states appear in the first step; growth is only looked for after it.</summary>
    private const double WarmUpSeconds = 4;
    /// <summary>Live bytes that have not fallen for this long belong to no training step, and their floor says nothing of a leak.</summary>
    private const double LongestStepSeconds = 5;

    /// <summary>Live bytes between steps lie within this share of the fewest seen.</summary>
    private const double RestShare = 0.02;

    private Bytes last;
    private double lastFallSeconds = double.NegativeInfinity;
    private double changedSeconds = double.NegativeInfinity;
    /// <summary>Least time between two changes: how finely they are seen.</summary>
    private double periodSeconds = double.PositiveInfinity;

    /// <summary>Most live bytes it has told; null when it tells nothing.</summary>
    public Bytes? Peak { get; private set; }
    /// <summary>When they were the most.</summary>
    public double PeakSeconds { get; private set; }
    /// <summary>Live bytes the last time it rested before its first step was noticed; null when it tells nothing.</summary>
    public Bytes? Loaded { get; private set; }
    /// <summary>Fewest live bytes seen in its steady phase: what stays from step to step; null before it.</summary>
    public Bytes? Least { get; private set; }
    /// <summary>Changes that were seen in its steady phase.</summary>
    public int SteadyChanges { get; private set; }
    /// <summary>How long it has held exactly the same, no more than stays from step to step: it saves a checkpoint, or waits; 0 while it steps.</summary>
    public double RestSeconds { get; private set; }
    /// <summary>How often it has given live bytes back: loading does not, steps do.</summary>
    public int Falls { get; private set; }
    /// <summary>Floor since the first step.</summary>
    public Floor Floor { get; } = new(windowSeconds: 2);
    /// <summary>The same whether or not it has fallen of late: steps that are always seen at the same moment seem never to fall.</summary>
    public Floor Envelope { get; } = new(windowSeconds: 2);
    /// <summary>Rises since it last fell, and their rhythm.</summary>
    public RecentStairs Stairs { get; } = new();
    public Rhythm Rhythm { get; private set; }
    /// <summary>It has fallen of late, as it does at the end of every training step.</summary>
    public bool IsStepping { get; private set; }

    /// <param name="isAtRest">The process has not asked the device for more since the last sample.</param>
    internal void Observe(double time, Bytes live, bool isAtRest, PhaseTracker phase)
    {
        var hasChanged = live != last;
        if (hasChanged)
        {
            periodSeconds = Math.Min(periodSeconds, time - changedSeconds);
            changedSeconds = time;
            FollowStairs(time, live, phase);
        }
        (Peak, PeakSeconds) = Peak is { } most && live <= most ? (Peak, PeakSeconds) : (live, time);
        if (phase.Phase == JobPhase.Loading)
        {
            Loaded = isAtRest ? live : Loaded;
        }
        else if (phase.Phase == JobPhase.Steady)
        {
            Least = Bytes.Min(Least ?? live, live);
            SteadyChanges += hasChanged ? 1 : 0;
        }
        RestSeconds = !hasChanged && Least is { } least && live <= least * (1 + RestShare) ? time - changedSeconds : 0;
        IsStepping = time - lastFallSeconds < Math.Max(LongestStepSeconds, 10 * periodSeconds);
        if (hasChanged && phase.Phase != JobPhase.Loading && time - phase.FirstStepAtSeconds > WarmUpSeconds)
        {
            Envelope.Observe(time, live.Count, periodSeconds);
            if (IsStepping)
            {
                Floor.Observe(time, live.Count, periodSeconds);
            }
        }
    }

    /// <summary>Training's live bytes fall at the end of every step; a loop that keeps what it computes only climbs.</summary>
    private void FollowStairs(double time, Bytes live, PhaseTracker phase)
    {
        if (live < last)
        {
            Stairs.Clear();
            Falls++;
            (Rhythm, lastFallSeconds) = (default, time);
        }
        else if (live > last && phase.Phase != JobPhase.Loading)
        {
            Stairs.Add(new Stair(time, live - last, live), 0);
            var rhythm = Rhythm.Of(Stairs, phase.FirstStepAtSeconds);
            Rhythm = rhythm.GapSeconds >= LeastStairPeriods * periodSeconds ? rhythm : default;
        }
        last = live;
    }
}
