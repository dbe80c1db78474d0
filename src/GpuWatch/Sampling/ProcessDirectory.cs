using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Sampling;

/// <summary>
/// Who the processes on the GPUs are. Each is looked up once, when it appears, and forgotten when it has left every list, so
/// that a reused number is a new process. Any thread may ask; the sampling thread tells it who is there.
/// </summary>
/// <param name="lookup">Facts of a pid; null when there are none (recordings, the simulator, a foreign pid namespace).</param>
internal sealed class ProcessDirectory(Func<int, ProcessFacts?> lookup)
{
    private readonly Dictionary<int, (ProcessFacts Facts, double SeenSeconds)> known = [];
    private readonly Lock guard = new();

    /// <summary>A process out of all lists for longer than this is gone; the lists of two GPUs may be read a period apart.</summary>
    private const double ForgetAfterSeconds = 3;

    public ProcessFacts Of(int pid)
    {
        lock (guard)
        {
            return known.TryGetValue(pid, out var entry) ? entry.Facts : new ProcessFacts(pid);
        }
    }

    /// <summary>The outcome with each process's start time filled in.</summary>
    public GpuOutcome Identify(GpuOutcome outcome)
    {
        if (outcome.Frame is not { } frame || frame.Processes.IsEmpty)
        {
            return outcome;
        }
        var readings = ImmutableArray.CreateBuilder<ProcessReading>(frame.Processes.Length);
        lock (guard)
        {
            foreach (var process in frame.Processes)
            {
                readings.Add(process.Pid is { } pid ? process with { StartTicks = Seen(pid, frame.TimeSeconds).StartTicks } : process);
            }
        }
        return GpuOutcome.Of(frame with { Processes = readings.DrainToImmutable() });
    }

    /// <summary>Call after a sweep.</summary>
    public void Forget(double nowSeconds)
    {
        lock (guard)
        {
            foreach (var (pid, entry) in known)
            {
                if (nowSeconds - entry.SeenSeconds > ForgetAfterSeconds)
                {
                    known.Remove(pid);
                }
            }
        }
    }

    private ProcessFacts Seen(int pid, double time)
    {
        var facts = known.TryGetValue(pid, out var entry) ? entry.Facts : lookup(pid) ?? new ProcessFacts(pid);
        known[pid] = (facts, time);
        return facts;
    }
}
