using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>
/// Tells the phase of a process from its memory alone: weights load in small rises, then a pause, then the first step leaps,
/// then the allocator has cached all a step needs and NVML sees a plateau. What rests instead of leaping is a server, or waits for its data,
/// and what was there before the watching began is past its first step as soon as it does not rise as loading does.
/// </summary>
/// <param name="expected">Null without a plan.</param>
internal sealed class PhaseTracker(Expected? expected)
{
    /// <summary>A data loader warms up between loading and the first step: at least one flat sample, and this long.</summary>
    private const double PauseSeconds = 1.2;
    /// <summary>Time without a new high-water mark after which a step is taken to have cached all it needs.</summary>
    private const double SettledSeconds = 5;
    /// <summary>A first step that takes longer is none: it grows.</summary>
    private const double LongestFirstStepSeconds = 60;
    private const double IdleSeconds = 30;
    /// <summary>A process that holds no more than this share of what it once held has let its work go.</summary>
    private const double IdleShare = 0.2;
    /// <summary>Loading that rests for this long is over, whatever comes next.</summary>
    private const double RestSeconds = 30;
    private const double RestingGrowth = 0.01;
    /// <summary>Weights come from a disk or a network at 0.1 GB/s and more: 14 GB, the least that takes long, grow by more than this in that time.</summary>
    private const double LoadingGrowth = 0.05;
    private const double LoadingSeconds = 10;
    /// <summary>The first activations are no smaller than this, however small the model.</summary>
    private static readonly Bytes LeastLeap = Bytes.FromMiB(64);
    /// <summary>… nor than this share of the loaded weights …</summary>
    private const double LeapShare = 0.08;
    /// <summary>… or, where that is less, than this share of what the plan says they are.</summary>
    private const double ExpectedShare = 0.5;
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
    private Bytes? levelBeforeLeap;
    private Bytes restLevel;
    private double restSinceSeconds = double.NaN;

    public JobPhase Phase { get; private set; } = JobPhase.Loading;
    /// <summary>Bytes at the end of loading; null before, and where it was not seen.</summary>
    public Bytes? LoadedLevel { get; private set; }
    /// <summary>When its first step began, or growth began to be looked for because loading was over; NaN before.</summary>
    public double FirstStepAtSeconds { get; private set; } = double.NaN;
    public double SettledAtSeconds { get; private set; } = double.NaN;
    /// <summary>It has come to its first step; false while it loads, or has loaded and rests.</summary>
    public bool HasStepped { get; private set; }

    /// <summary>It has risen as a first step does, though it had not loaded what was planned: what it holds may be more than weights.</summary>
    public bool MayHaveStepped => levelBeforeLeap is not null;

    /// <param name="seenFromStart">False: it was there before the watching began.</param>
    /// <param name="liveFall">By how much its live bytes have fallen since the last sample.</param>
    public void Observe(double time, Bytes before, Bytes used, Bytes held, Bytes highWater, double highWaterSeconds, bool seenFromStart, Bytes liveFall)
    {
        if (!HasStepped)
        {
            WaitForLeap(time, before, used, held);
            WaitForFall(time, held, highWaterSeconds, liveFall);
        }
        switch (Phase)
        {
            case JobPhase.Loading:
                WaitForRest(time, used, held, seenFromStart);
                break;
            case JobPhase.FirstStep when time - highWaterSeconds >= SettledSeconds || time - FirstStepAtSeconds >= LongestFirstStepSeconds:
                (Phase, SettledAtSeconds) = (JobPhase.Steady, Math.Min(time, highWaterSeconds + SettledSeconds));
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

    private void WaitForLeap(double time, Bytes before, Bytes used, Bytes held)
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
        if (soon && IsLoaded(weights) && weights > LeastLeap && leap >= LeastStep(weights))
        {
            (Phase, LoadedLevel, FirstStepAtSeconds, HasStepped) = (JobPhase.FirstStep, levelAtPause, time, true);
        }
        else if (soon && weights > LeastLeap && leap >= LeastStep(weights))
        {
            levelBeforeLeap = levelAtPause;
        }
    }

    private bool IsLoaded(Bytes weights) => expected is not { } plan || weights + ContextDoubt >= plan.Load * LoadedShare;

    private Bytes LeastStep(Bytes weights)
    {
        var share = weights * LeapShare;
        return Bytes.Max(LeastLeap, expected is { } plan ? Bytes.Min(share, plan.FirstRise * ExpectedShare) : share);
    }

    /// <summary>The end of a step, told by the process itself: its live bytes fall, though it has long asked the device for nothing.</summary>
    private void WaitForFall(double time, Bytes held, double highWaterSeconds, Bytes liveFall)
    {
        if (!HasStepped && liveFall >= LeastLeap && IsLoaded(held) && time - highWaterSeconds >= SettledSeconds)
        {
            (Phase, FirstStepAtSeconds, SettledAtSeconds, HasStepped) = (JobPhase.Steady, time, time, true);
            LoadedLevel ??= levelBeforeLeap;
        }
    }

    /// <summary>What rests after a leap and is not what the plan says of the weights has stepped: the plan is wrong of them.</summary>
    private bool IsAboutPlanned(Bytes held) =>
        expected is not { } plan || (held + ContextDoubt >= plan.Load * LoadedShare && held - ContextDoubt <= plan.Load * (2 - LoadedShare));

    private void WaitForRest(double time, Bytes used, Bytes held, bool seenFromStart)
    {
        var (growth, seconds) = seenFromStart ? (RestingGrowth, RestSeconds) : (LoadingGrowth, LoadingSeconds);
        if (double.IsNaN(restSinceSeconds) || used > restLevel * (1 + growth))
        {
            (restLevel, restSinceSeconds) = (used, time);
        }
        else if (time - restSinceSeconds >= seconds && held > LeastLeap)
        {
            var isMislaid = seenFromStart && levelBeforeLeap is not null && !IsAboutPlanned(held);
            (Phase, FirstStepAtSeconds, HasStepped) = (JobPhase.Steady, time, !seenFromStart || isMislaid);
            LoadedLevel = isMislaid ? levelBeforeLeap : seenFromStart ? used : null;
            SettledAtSeconds = HasStepped ? time : double.NaN;
        }
    }

    private void WatchForIdle(double time, Bytes used, Bytes highWater)
    {
        if (used > highWater * IdleShare)
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
