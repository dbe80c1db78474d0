using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>The fold over one process's samples: what of its history matters, in bounded space.</summary>
/// <param name="expected">Null without a plan.</param>
public sealed class ProcessSeries(Expected? expected = null)
{
    /// <summary>What a CUDA context and its libraries take when nothing tells it apart: 256–616 MiB in public reports (facts/allocators.md, 4).</summary>
    public static readonly Bytes TypicalContext = Bytes.FromMiB(420);
    /// <summary>The first steps have cached what batches of one size need.</summary>
    private const double SettleSeconds = 10;
    /// <summary>
    /// Rises within this time are one stair, and so are those of consecutive samples. It lies between the multiples of the usual
    /// periods (1 s, 0.5 s, 0.2 s), so that it does not matter by how little a sample came late.
    /// </summary>
    private const double StairSeconds = 1.25;
    /// <summary>What rises for longer is no single stair, however short its rests: it may rise for ever.</summary>
    private const double LongestStairSeconds = 4;
    /// <summary>Segments of small blocks are no record.</summary>
    private static readonly Bytes LeastRecord = Bytes.FromMiB(24);
    /// <summary>A process grows when it holds this share more than ever before; less is noise.</summary>
    private const double GrowthShare = 0.01;
    /// <summary>A step that pauses for this long is no pause between steps.</summary>
    private const double LongRestSeconds = 10;
    /// <summary>Reserved beyond live bytes while weights load: the ends of segments of 20 MiB.</summary>
    private static readonly Bytes LargestSlack = Bytes.FromMiB(64);
    private static readonly Bytes LeastContext = Bytes.FromMiB(100);
    public static readonly Bytes LargestContext = Bytes.FromMiB(1024);
    private readonly PhaseTracker phase = new(expected);
    private Bytes mark;
    private Bytes grownLevel;
    private Bytes othersLeast;
    private Bytes othersMost;
    /// <summary>The device's bytes and the process's are two readings, a moment apart: what others hold counts once two frames agree on it.</summary>
    private Bytes othersBefore;
    private Bytes clockworkRise;
    private Rhythm beforeLastStair;
    /// <summary>What PyTorch and NVML tell is read at two moments, between which a block may have been reserved.</summary>
    private readonly RecentMedian contexts = new();
    private bool started;

    /// <summary>A reading with bytes was taken.</summary>
    public bool IsSeen => started;
    public double StartedSeconds { get; private set; }
    public double NowSeconds { get; private set; }
    public Bytes Used { get; private set; }
    /// <summary>Free for it on the device.</summary>
    public Bytes Available { get; private set; }
    /// <summary>What others hold on the device.</summary>
    public Bytes Others { get; private set; }
    public Bytes? TorchAllocated { get; private set; }
    public Bytes? TorchReserved { get; private set; }
    public Bytes HighWater { get; private set; }
    public double HighWaterSeconds { get; private set; }
    /// <summary>Least it has held since the watching began.</summary>
    public Bytes LeastUsed { get; private set; }
    /// <summary>When it last grew; negative infinity for one that has only been seen flat.</summary>
    public double GrewSeconds { get; private set; } = double.NegativeInfinity;
    /// <summary>CUDA context and libraries: exact where PyTorch tells what it reserved, else the typical size.</summary>
    public Bytes Context { get; private set; } = TypicalContext;
    public bool ContextKnown { get; private set; }
    public Wall Wall { get; } = new();
    /// <summary>Times the allocator had to give cached blocks back because the device was full.</summary>
    public int Releases => Wall.Releases;
    public double FirstReleaseSeconds => Wall.FirstReleaseSeconds;
    public double LastReleaseSeconds => Wall.LastReleaseSeconds;
    /// <summary>It first hit the wall while it evaluated: training itself fits.</summary>
    public bool IsEvaluationAtTheWall => Wall.IsOfEvaluation;
    public RecentStairs Stairs { get; } = new();
    public Ramp Ramp { get; } = new();
    /// <summary>High-water marks since the first steps have settled.</summary>
    public Records Records { get; } = new();
    /// <summary>Time since the first step, in units of the time it takes to settle; NaN before it.</summary>
    public double SettledRatio => (NowSeconds - FirstStepAtSeconds) / SettleSeconds;
    /// <summary>What it holds since its first steps have settled: its trend, whatever the stairs it comes in.</summary>
    public Floor HeldFloor { get; } = new(windowSeconds: 10);
    /// <summary>The same of the last hundred seconds.</summary>
    public Floor LateFloor { get; } = new(windowSeconds: 10, slides: true);
    /// <summary>Highest level before it last gave something back: to climb to it again is no growth.</summary>
    public Bytes HighestBefore { get; private set; }
    /// <summary>How it rises itself.</summary>
    public Climb Climb { get; } = new(restSeconds: 10);
    /// <summary>How the other tenants rise.</summary>
    public Climb OthersClimb { get; } = new(restSeconds: 10);
    /// <summary>When the others last grew; negative infinity while they have not.</summary>
    public double OthersGrewSeconds { get; private set; } = double.NegativeInfinity;
    /// <summary>What the others hold beyond the least they held since this process started.</summary>
    public Bytes OthersGrown => Bytes.Max(Bytes.Zero, Bytes.Min(Others, othersBefore) - othersLeast);
    /// <summary>What PyTorch tells of its live bytes; empty when it tells nothing.</summary>
    public LiveSeries Live { get; } = new();
    public Floor LiveFloor => Live.Floor;
    public RecentStairs LiveStairs => Live.Stairs;
    public Rhythm LiveRhythm => Live.Rhythm;
    /// <summary>
    /// It keeps one batch's result at a time, as evaluation loops do; once told by its rhythm, its stairs are known again by their size. What has risen
    /// from its first steps on does not evaluate, however regularly it rises.
    /// </summary>
    public bool IsEvaluating =>
        !HeldFloor.RisesEvenly && (LiveRhythm.Count >= Rhythm.LeastClockworkStairs || (!Live.IsStepping && (Rhythm.IsClockwork || IsEvaluatingAgain)));
    public Evaluations Evaluations { get; } = new();
    /// <summary>Its stairs are of the size that an earlier evaluation had.</summary>
    public bool IsEvaluatingAgain => clockworkRise > Bytes.Zero && Rhythm.Count > 0 && Rhythm.IsLike(clockworkRise);
    /// <summary>Most live bytes PyTorch has told; null when it tells nothing.</summary>
    public Bytes? LivePeak => Live.Peak;
    /// <summary>Least time between two samples: how finely it is seen while it moves, for a plateau may be looked at less often. 0 before the second.</summary>
    public double PeriodSeconds { get; private set; }
    /// <summary>It was there before the watching began: how it loaded is not known.</summary>
    public bool SeenFromStart { get; private set; }
    /// <summary>The rhythm of the stairs since the first step, brought up to date when one is added.</summary>
    public Rhythm Rhythm { get; private set; }

    public JobPhase Phase => phase.Phase;
    /// <summary>The phase as it is told: a step that rests where it begins for long saves a checkpoint, or waits, and is idle.</summary>
    public JobPhase ToldPhase => Phase == JobPhase.Steady && Live.RestSeconds >= LongRestSeconds ? JobPhase.Idle : Phase;
    public Bytes? LoadedLevel => phase.LoadedLevel;
    /// <summary>
    /// What it had loaded before its first step, without its context: its live bytes where they were seen at rest, else what it had reserved;
    /// null before that step, and where NVML alone watches.
    /// </summary>
    public Bytes? LoadedBytes => LoadedLevel is not { } level || TorchReserved is null ? null
        : Live.Loaded is { } live && level - Context - live is var slack && slack >= Bytes.Zero && slack < LargestSlack ? live
        : level - Context;
    /// <inheritdoc cref="PhaseTracker.FirstStepAtSeconds"/>
    public double FirstStepAtSeconds => phase.FirstStepAtSeconds;
    /// <inheritdoc cref="PhaseTracker.HasStepped"/>
    public bool HasStepped => phase.HasStepped;
    /// <inheritdoc cref="PhaseTracker.MayHaveStepped"/>
    public bool MayHaveStepped => phase.MayHaveStepped;
    public double SettledAtSeconds => phase.SettledAtSeconds;
    /// <summary>What the process can hold at most.</summary>
    public Bytes Capacity => Used + Available;
    /// <summary>Held beyond its context.</summary>
    public Bytes Held => Bytes.Max(Bytes.Zero, Used - Context);

    /// <summary>What it has taken since then, as far as its last stairs tell.</summary>
    public Bytes GrownSince(double timeSeconds)
    {
        if (StartedSeconds > timeSeconds)
        {
            return Used;
        }
        var grown = Bytes.Zero;
        for (var i = Stairs.Count - 1; i >= 0 && Stairs[i].TimeSeconds > timeSeconds; i--)
        {
            grown += Stairs[i].Rise;
        }
        return Bytes.Min(grown, Used);
    }

    /// <summary>Takes the next sample; a reading without bytes changes nothing.</summary>
    public void Observe(GpuFrame frame, ProcessReading reading)
    {
        if (reading.Used is not { } used)
        {
            return;
        }
        var before = Used;
        var freeBefore = Available;
        if (started)
        {
            PeriodSeconds = PeriodSeconds > 0 ? Math.Min(PeriodSeconds, frame.TimeSeconds - NowSeconds) : frame.TimeSeconds - NowSeconds;
        }
        NowSeconds = frame.TimeSeconds;
        (Used, Available, Others, othersBefore) = (used, frame.Available, Bytes.Max(Bytes.Zero, frame.Used - used), Others);
        var liveFall = TorchAllocated is { } liveBefore && reading.TorchAllocated is { } liveNow ? liveBefore - liveNow : Bytes.Zero;
        (TorchAllocated, TorchReserved) = (reading.TorchAllocated, reading.TorchReserved);
        EstimateContext();
        if (!started)
        {
            (started, StartedSeconds, before, freeBefore) = (true, NowSeconds, used, frame.Available);
            (HighWater, HighWaterSeconds, mark, grownLevel) = (used, NowSeconds, used, used);
            (SeenFromStart, othersLeast, othersBefore, othersMost, LeastUsed) = (used <= LargestContext, Others, Others, Others, used);
        }
        LeastUsed = Bytes.Min(LeastUsed, used);
        othersLeast = Bytes.Min(othersLeast, Bytes.Max(Others, othersBefore));
        OthersClimb.Observe(NowSeconds, Others);
        if (Others > othersMost + Capacity * GrowthShare)
        {
            (othersMost, OthersGrewSeconds) = (Others, NowSeconds);
        }
        MarkStairs(before, freeBefore);
        Ramp.Observe(NowSeconds, used);
        Climb.Observe(NowSeconds, used);
        phase.Observe(NowSeconds, before, used, Held, HighWater, HighWaterSeconds, SeenFromStart, liveFall);
        if (SettledRatio > 1)
        {
            HeldFloor.Observe(NowSeconds, used.Count, PeriodSeconds);
            LateFloor.Observe(NowSeconds, used.Count, PeriodSeconds);
        }
        if (TorchAllocated is { } live)
        {
            Live.Observe(NowSeconds, live, used <= before, phase);
        }
        var evaluates = IsEvaluating && NowSeconds - LastStairSeconds < 3 * Rhythm.GapSeconds;
        phase.Evaluating(evaluates);
        Evaluations.Observe(evaluates, Rhythm, LastStairSeconds, FirstStepAtSeconds);
    }

    private double LastStairSeconds => Stairs.Count > 0 ? Stairs.Last.TimeSeconds : double.NegativeInfinity;

    private void EstimateContext()
    {
        if (TorchReserved is { } reserved && reserved > Bytes.Zero)
        {
            (Context, ContextKnown) = (Bytes.Max(Bytes.Zero, contexts.Add(Used - reserved)), true);
        }
        else if (expected is { Load: var weights } && LoadedLevel is { } loaded && loaded - weights is var rest && rest > LeastContext && rest < LargestContext)
        {
            (Context, ContextKnown) = (rest, true);
        }
    }

    private void AddStair(Stair stair, bool isRecord)
    {
        // Where nothing is planned it may as well be a long first step, or a server that fills its cache.
        var longest = expected is null ? double.PositiveInfinity : LongestStairSeconds;
        var isNew = Stairs.Add(stair, Math.Max(StairSeconds, 1.5 * PeriodSeconds), longest);
        beforeLastStair = isNew ? Rhythm : beforeLastStair;
        Rhythm = Rhythm.Of(Stairs, FirstStepAtSeconds, beforeLastStair);
        if (Rhythm.IsClockwork)
        {
            clockworkRise = Rhythm.Rise;
        }
        if (isNew && isRecord && SettledRatio > 1 && stair.Rise > LeastRecord)
        {
            Records.Add(SettledRatio);
        }
    }

    private void MarkStairs(Bytes before, Bytes freeBefore)
    {
        var isRecord = Used > HighWater;
        if (isRecord)
        {
            (HighWater, HighWaterSeconds) = (Used, NowSeconds);
            if (Used > grownLevel * (1 + GrowthShare))
            {
                (grownLevel, GrewSeconds) = (Used, NowSeconds);
            }
        }
        if (Used > mark)
        {
            AddStair(new Stair(NowSeconds, Used - mark, Used), isRecord);
            mark = Used;
        }
        else if (Used < before)
        {
            (mark, HighestBefore) = (Used, HighWater);
            Wall.Fell(NowSeconds, before, freeBefore, Used, IsEvaluating, TorchReserved is null ? null : before - Context, TorchAllocated, LivePeak);
        }
    }
}
