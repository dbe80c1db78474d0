using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Nvml;

/// <summary>
/// Stands between the agent and a driver that may stop answering. Each GPU has one thread of its own, so a call that never
/// returns costs that GPU's data and nothing else: its readings say so at once, the others go on, and the process can end.
/// </summary>
public sealed class GuardedGpus : IGpuSource
{
    /// <summary>How long one reading may take before its sample is given up. A first contact with a sleeping GPU can take 0.3 s.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>… and after two late ones in a row in one sweep: then it is the driver, and each of many GPUs would cost the sweep its whole patience.</summary>
    public static readonly TimeSpan ShortPatience = TimeSpan.FromMilliseconds(100);
    private const int DriverIsLate = 2;

    /// <summary>How long a GPU must have given no answer in time before the driver counts as unresponsive rather than slow.</summary>
    public static readonly TimeSpan UnresponsiveAfter = TimeSpan.FromSeconds(2);

    private readonly IGpuSource source;
    private readonly TimeProvider time;
    private readonly Dictionary<int, Guard> guards = [];
    private readonly PatientWorker<bool, bool> looking;
    private int lateInARow;
    private double sweepSeconds = double.NaN;

    public GuardedGpus(IGpuSource source, TimeProvider time)
    {
        this.source = source;
        this.time = time;
        looking = new("gpu list", _ => source.HasChanged(), time);
        foreach (var gpu in source.Gpus)
        {
            var index = gpu.Index;
            guards[index] = new(new($"gpu {index}", ask => source.Read(index, ask.TimeSeconds, ask.WithProcesses), time));
        }
    }

    public ImmutableArray<GpuInfo> Gpus => source.Gpus;

    /// <summary>False also when the driver does not answer in time.</summary>
    public bool HasChanged() => looking.TryRun(true, Patience, out var changed) && changed;

    /// <summary>Returns within <see cref="Patience"/>, and at once while an earlier reading of this GPU is still out.</summary>
    public GpuOutcome Read(int gpu, double timeSeconds, bool withProcesses)
    {
        if (timeSeconds != sweepSeconds)
        {
            (sweepSeconds, lateInARow) = (timeSeconds, 0);
        }
        var guard = guards[gpu];
        var asked = time.GetTimestamp();
        if (guard.Worker.TryRun((timeSeconds, withProcesses), lateInARow < DriverIsLate ? Patience : ShortPatience, out var outcome)
            && outcome.Fault?.Kind != FaultKind.Timeout)
        {
            (guard.LateSince, lateInARow) = (null, 0);
            return outcome;
        }
        lateInARow++;
        guard.LateSince ??= asked;
        return GpuOutcome.Of(gpu, Late($"GPU {gpu}", time.GetElapsedTime(guard.LateSince.Value)));
    }

    private static Fault Late(string who, TimeSpan late) => late < UnresponsiveAfter
        ? new(FaultKind.Timeout, $"{who}: the driver has not answered for {late.TotalSeconds:0.0} s.")
        : new(FaultKind.DriverUnresponsive,
            $"{who}: the driver has not answered for {late.TotalSeconds:0} s. Other GPUs are still watched; see the kernel log (dmesg, Xid) and whether nvidia-smi hangs too.");

    /// <summary>Closes the source unless a call is out in it: closing could then wait for ever.</summary>
    public void Dispose()
    {
        var isBusy = looking.Out > TimeSpan.Zero || guards.Values.Any(guard => guard.Worker.Out > TimeSpan.Zero);
        looking.Dispose();
        foreach (var guard in guards.Values)
        {
            guard.Worker.Dispose();
        }
        if (!isBusy)
        {
            using var closing = new PatientWorker<IGpuSource, bool>("gpu close", open => { open.Dispose(); return true; }, time);
            closing.TryRun(source, Patience, out _);
        }
    }

    private sealed class Guard(PatientWorker<(double TimeSeconds, bool WithProcesses), GpuOutcome> worker)
    {
        public PatientWorker<(double TimeSeconds, bool WithProcesses), GpuOutcome> Worker => worker;

        /// <summary>When the first of the readings was asked for that all came too late; null when the last came in time.</summary>
        public long? LateSince { get; set; }
    }
}
