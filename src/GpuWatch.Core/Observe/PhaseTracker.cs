using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>
/// Tells the phase of a process from its memory alone: weights load in small rises, then a pause, then the first step leaps,
/// then the allocator has cached all a step needs and NVML sees a plateau.
/// </summary>
internal sealed class PhaseTracker
{
    /// <summary>A data loader warms up between loading and the first step: at least one flat sample, and this long.</summary>
    private const double PauseSeconds = 1.2;
    /// <summary>Time without a new high-water mark after which a step is taken to have cached all it needs.</summary>
    private const double SettledSeconds = 5;
    private const double IdleSeconds = 30;
    /// <summary>The first activations are no smaller than this, however small the model.</summary>
    private static readonly Bytes LeastLeap = Bytes.FromMiB(64);
    /// <summary>… nor than this share of the loaded weights.</summary>
    private const double LeapShare = 0.08;
    /// <summary>With a plan, loading is not over before this share of the planned weights is seen.</summary>
    private const double LoadedShare = 0.85;

    /// <summary>A rise of this many times the largest so far, and of half the weights, needs no pause before it.</summary>
    private const double SuddenFactor = 3;
    private const double SuddenShare = 0.5;

    /// <summary>What is held beyond the context is known no better than the context.</summary>
    private static readonly Bytes ContextDoubt = Bytes.FromMiB(200);

    private Bytes largestRise;
    private double lastRiseSeconds = double.NegativeInfinity;
    private bool flat;
    private double pauseEndSeconds = double.NegativeInfinity;
    private Bytes levelAtPause;
    private double idleSinceSeconds = double.NaN;

    public JobPhase Phase { get; private set; } = JobPhase.Loading;
    /// <summary>Bytes at the end of loading; null before.</summary>
    public Bytes? LoadedLevel { get; private set; }
    public double FirstStepSeconds { get; private set; } = double.NaN;
    public double SettledAtSeconds { get; private set; } = double.NaN;

    public void Observe(double time, Bytes before, Bytes used, Bytes held, Bytes highWater, double highWaterSeconds, Bytes? plannedLoad)
    {
        switch (Phase)
        {
            case JobPhase.Loading:
                WaitForLeap(time, before, used, held, plannedLoad);
                break;
            case JobPhase.FirstStep when time - highWaterSeconds >= SettledSeconds:
                (Phase, SettledAtSeconds) = (JobPhase.Steady, time);
                break;
            case JobPhase.Steady or JobPhase.Idle:
                WatchForIdle(time, used, highWater);
                break;
            default:
                break;
        }
    }

    public void Evaluating(bool growing)
    {
        if (growing && Phase == JobPhase.Steady)
        {
            Phase = JobPhase.Evaluating;
        }
        else if (!growing && Phase == JobPhase.Evaluating)
        {
            Phase = JobPhase.Steady;
        }
    }

    private void WaitForLeap(double time, Bytes before, Bytes used, Bytes held, Bytes? plannedLoad)
    {
        if (used <= before)
        {
            flat = true;
            return;
        }
        var rise = used - before;
        var sudden = rise > largestRise * SuddenFactor && rise > (held - rise) * SuddenShare && held - rise > LeastLeap;
        if (sudden || (flat && time - lastRiseSeconds >= PauseSeconds))
        {
            (pauseEndSeconds, levelAtPause) = (time, before);
        }
        largestRise = held > LeastLeap ? Bytes.Max(largestRise, rise) : largestRise;
        (lastRiseSeconds, flat) = (time, false);
        var leap = used - levelAtPause;
        var weights = held - leap;
        var soon = time - pauseEndSeconds <= 1;
        var loaded = plannedLoad is not { } planned || weights + ContextDoubt >= planned * LoadedShare;
        if (soon && loaded && weights > LeastLeap && leap >= Bytes.Max(LeastLeap, weights * LeapShare))
        {
            (Phase, LoadedLevel, FirstStepSeconds) = (JobPhase.FirstStep, levelAtPause, time);
        }
    }

    private void WatchForIdle(double time, Bytes used, Bytes highWater)
    {
        if (used > highWater * 0.2)
        {
            (idleSinceSeconds, Phase) = (double.NaN, JobPhase.Steady);
            return;
        }
        idleSinceSeconds = double.IsNaN(idleSinceSeconds) ? time : idleSinceSeconds;
        if (time - idleSinceSeconds >= IdleSeconds)
        {
            Phase = JobPhase.Idle;
        }
    }
}
