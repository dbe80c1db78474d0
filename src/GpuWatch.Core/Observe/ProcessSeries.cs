using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>The fold over one process's samples: what of its history matters, in bounded space.</summary>
/// <param name="plannedLoad">Bytes the plan says the weights take; null without a plan.</param>
public sealed class ProcessSeries(Bytes? plannedLoad = null)
{
    /// <summary>What a CUDA context and its libraries take when nothing tells it apart: 256–616 MiB in public reports (facts/allocators.md, 4).</summary>
    public static readonly Bytes TypicalContext = Bytes.FromMiB(420);
    /// <summary>A process that gives memory back while less than this share of its capacity is free has hit the wall.</summary>
    private const double WallShare = 0.12;

    private readonly PhaseTracker phase = new();
    private Bytes mark;
    private bool started;

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
    /// <summary>CUDA context and libraries: exact where PyTorch tells what it reserved, else the typical size.</summary>
    public Bytes Context { get; private set; }
    public bool ContextKnown { get; private set; }
    /// <summary>Times the allocator had to give cached blocks back because the device was full (PyTorch's num_alloc_retries, seen from outside).</summary>
    public int Releases { get; private set; }
    public double LastReleaseSeconds { get; private set; } = double.NaN;
    public RecentStairs Stairs { get; } = new();
    public Ramp Ramp { get; } = new();

    public JobPhase Phase => phase.Phase;
    public Bytes? LoadedLevel => phase.LoadedLevel;
    public double FirstStepSeconds => phase.FirstStepSeconds;
    public double SettledAtSeconds => phase.SettledAtSeconds;
    /// <summary>What the process can hold at most.</summary>
    public Bytes Capacity => Used + Available;
    /// <summary>Held beyond its context.</summary>
    public Bytes Held => Used - Context;

    /// <summary>Takes the next sample; a reading without bytes changes nothing.</summary>
    public void Observe(GpuFrame frame, ProcessReading reading)
    {
        if (reading.Used is not { } used)
        {
            return;
        }
        var before = Used;
        var freeBefore = Available;
        NowSeconds = frame.TimeSeconds;
        (Used, Available, Others) = (used, frame.Available, frame.Used - used);
        (TorchAllocated, TorchReserved) = (reading.TorchAllocated, reading.TorchReserved);
        EstimateContext();
        if (!started)
        {
            (started, StartedSeconds, before, freeBefore) = (true, NowSeconds, used, frame.Available);
            (HighWater, HighWaterSeconds, mark) = (used, NowSeconds, used);
        }
        MarkStairs(before, freeBefore);
        Ramp.Observe(NowSeconds, used);
        phase.Observe(NowSeconds, before, used, Held, HighWater, HighWaterSeconds, plannedLoad);
    }

    private void EstimateContext()
    {
        if (TorchReserved is { } reserved && reserved > Bytes.Zero)
        {
            (Context, ContextKnown) = (Used - reserved, true);
        }
        else if (!ContextKnown)
        {
            Context = Bytes.Min(Used, TypicalContext);
        }
    }

    private void MarkStairs(Bytes before, Bytes freeBefore)
    {
        if (Used > HighWater)
        {
            (HighWater, HighWaterSeconds) = (Used, NowSeconds);
        }
        if (Used > mark)
        {
            Stairs.Add(new Stair(NowSeconds, Used - mark, Used));
            mark = Used;
        }
        else if (Used < before)
        {
            mark = Used;
            if (freeBefore < (before + freeBefore) * WallShare)
            {
                (Releases, LastReleaseSeconds) = (Releases + 1, NowSeconds);
            }
        }
    }
}
