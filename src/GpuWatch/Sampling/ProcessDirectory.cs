using GpuWatch.Core.Sample;

namespace GpuWatch.Sampling;

/// <summary>
/// Who the processes on the GPUs are: each is looked up once, when it is first asked for. Pid and start time name a process,
/// so a reused number is a new one. Any thread may ask. The kernel lets nobody read the command line of a process while the process
/// maps memory, and one that hangs in the driver may do so for ever: nobody is waited for longer than <see cref="Patience"/>.
/// </summary>
/// <param name="lookup">Facts of a pid; null when there are none. No lookup: nobody is known (recordings, a foreign pid namespace).</param>
internal sealed class ProcessDirectory(Func<int, ProcessFacts?>? lookup, TimeProvider time)
{
    /// <summary>More than ever run on the GPUs of one machine at a time; beyond, it starts over.</summary>
    private const int Most = 4096;

    /// <summary>A lookup takes a tenth of a millisecond, and who asks may be sampling: that goes on then.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(int Pid, long? StartTicks), ProcessFacts> known = [];
    private readonly Lock guard = new();
    private Task<ProcessFacts?> looking = Task.FromResult<ProcessFacts?>(null);

    /// <summary>A directory where nobody is known: for recordings and the simulator, whose pids are not this machine's.</summary>
    public static ProcessDirectory Empty(TimeProvider time) => new(null, time);

    /// <summary>While one cannot be looked up nobody is: what is not known by then stays unnamed, and is looked up when it is asked for again.</summary>
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
            var unknown = new ProcessFacts(pid, process.StartTicks);
            if (lookup is null || !looking.IsCompleted)
            {
                return unknown;
            }
            looking = Task.Run(() => lookup(pid));
            try
            {
                facts = looking.WaitAsync(Patience, time).GetAwaiter().GetResult();
            }
            catch (TimeoutException)
            {
                return unknown;
            }
            return known[(pid, process.StartTicks)] = facts is not null && IsOf(facts, process) ? facts : unknown;
        }
    }

    /// <summary>The number may have passed to another process meanwhile.</summary>
    private static bool IsOf(ProcessFacts facts, ProcessReading process) =>
        process.StartTicks is null || facts.StartTicks is null || facts.StartTicks == process.StartTicks;
}
