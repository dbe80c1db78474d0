using GpuWatch.Core.Sample;

namespace GpuWatch.Sampling;

/// <summary>
/// Who the processes on the GPUs are: each is looked up once, when it is first asked for. Pid and start time name a process,
/// so a reused number is a new one. Any thread may ask.
/// </summary>
/// <param name="lookup">Facts of a pid; null when there are none (recordings, the simulator, a foreign pid namespace).</param>
internal sealed class ProcessDirectory(Func<int, ProcessFacts?> lookup)
{
    /// <summary>More than ever run on the GPUs of one machine at a time; beyond, it starts over.</summary>
    private const int Most = 4096;

    private readonly Dictionary<(int Pid, long? StartTicks), ProcessFacts> known = [];
    private readonly Lock guard = new();

    /// <summary>A directory where nobody is known: for recordings and the simulator, whose pids are not this machine's.</summary>
    public static ProcessDirectory Empty { get; } = new(_ => null);

    /// <param name="process">One with a pid.</param>
    public ProcessFacts Of(ProcessReading process)
    {
        var pid = process.Pid ?? throw new ArgumentException("The device itself is no process.", nameof(process));
        lock (guard)
        {
            if (known.TryGetValue((pid, process.StartTicks), out var facts))
            {
                return facts;
            }
            if (known.Count >= Most)
            {
                known.Clear();
            }
            return known[(pid, process.StartTicks)] = Lookup(process) ?? new ProcessFacts(pid, process.StartTicks);
        }
    }

    /// <summary>Null also when the number has passed to another process meanwhile.</summary>
    private ProcessFacts? Lookup(ProcessReading process) =>
        lookup(process.Pid!.Value) is { } facts && (process.StartTicks is null || facts.StartTicks is null || facts.StartTicks == process.StartTicks) ? facts : null;
}
