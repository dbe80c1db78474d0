using System.Collections.Immutable;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Options;

namespace GpuWatch.Sampling;

/// <summary>
/// Turns ticks into sweeps. A process list costs the driver a hundred times the device's memory, so between two process
/// periods a GPU is only probed, and read wholly when its memory has moved: stairs are seen at the pace of the ticks,
/// and a quiet device costs almost nothing. What processes tell of their own allocators moves where the device's memory stands
/// still, so a GPU with such a process is read wholly when it may have told something new. Not thread-safe; one per session.
/// </summary>
internal sealed class Sampler(IGpuSource source, SamplingOptions options, SelfMetrics self)
{
    private static readonly Bytes Movement = Bytes.FromMiB(1);

    /// <summary>How often the driver is asked whether GPUs have come or gone: it costs it little, and nobody waits for it.</summary>
    private const double ListEverySeconds = 10;

    private readonly Dictionary<int, (double At, GpuFrame? Frame)> lastWhole = [];
    private readonly HashSet<int> removed = [];
    private double listAt = double.NaN;
    private Fault? ended;

    /// <summary>The GPUs that have news; none when nothing has moved.</summary>
    /// <param name="now">The time the samples will carry.</param>
    /// <exception cref="GpuSessionException">The sweep before told that the driver is gone for all GPUs.</exception>
    /// <exception cref="GpusChangedException">There are others now; the source is closed.</exception>
    public Sweep Take(DateTimeOffset now)
    {
        if (ended is { } fault)
        {
            throw new GpuSessionException(fault);
        }
        var time = (now - DateTimeOffset.UnixEpoch).TotalSeconds;
        if (time >= listAt)
        {
            EndIfChanged();
        }
        listAt = time < listAt ? listAt : time + ListEverySeconds;
        var began = self.Begin();
        var outcomes = ImmutableArray.CreateBuilder<GpuOutcome>(source.Gpus.Length);
        foreach (var gpu in source.Gpus)
        {
            if (!removed.Contains(gpu.Index) && IsDue(gpu.Index, time))
            {
                outcomes.Add(ReadWhole(gpu.Index, time));
            }
        }
        self.End(began, outcomes);
        ended = EndOfSession(outcomes);
        return new Sweep(time, outcomes.DrainToImmutable());
    }

    /// <summary>The fault that all GPUs share and that only a new session can cure; null while one of them may go on.</summary>
    private static Fault? EndOfSession(ImmutableArray<GpuOutcome>.Builder outcomes)
    {
        foreach (var outcome in outcomes)
        {
            if (outcome.Fault?.Kind is not (FaultKind.DriverReloaded or FaultKind.DriverNotLoaded))
            {
                return null;
            }
        }
        return outcomes.Count > 0 ? outcomes[0].Fault : null;
    }

    private bool IsDue(int gpu, double time)
    {
        if (!lastWhole.TryGetValue(gpu, out var last) || Cell(time) != Cell(last.At) || last.Frame is not { } before || (before.TellsOfItself && source.HasTold(gpu)))
        {
            return true;
        }
        var probe = source.Read(gpu, time, withProcesses: false);
        return probe.Frame is not { } frame || Math.Abs((frame.Used - before.Used).Count) >= Movement.Count;
    }

    /// <summary>Process periods lie on a grid like the ticks, so a tick that comes a little early or late shifts nothing.</summary>
    private long Cell(double time) => (long)Math.Floor(time / options.ProcessPeriod.TotalSeconds);

    private GpuOutcome ReadWhole(int gpu, double time)
    {
        var outcome = source.Read(gpu, time, withProcesses: true);
        if (outcome.Fault?.Kind == FaultKind.GpuLost && lastWhole.TryGetValue(gpu, out var last) && last.Frame is not null)
        {
            // It may not be lost: when one comes or goes the driver numbers all anew, and their handles are void.
            EndIfChanged();
        }
        if (outcome.Fault?.Kind == FaultKind.Removed)
        {
            removed.Add(gpu);
        }
        lastWhole[gpu] = (time, outcome.Frame);
        return outcome;
    }

    /// <summary>Closed first: NVML lists anew when nobody has it open.</summary>
    private void EndIfChanged()
    {
        if (source.HasChanged())
        {
            source.Dispose();
            throw new GpusChangedException();
        }
    }
}
