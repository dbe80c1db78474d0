using GpuWatch.Core.Estimate;
using GpuWatch.Core.Sample;
using GpuWatch.Sampling;

namespace GpuWatch.Store.Influx;

/// <summary>What the tags of a point say beyond its numbers.</summary>
/// <param name="Host">Name of this machine.</param>
/// <param name="Gpu">The facts of a GPU by its index; null when unknown.</param>
/// <param name="Process">Who a process with a pid is.</param>
/// <param name="Plan">What the job of a process (GPU, pid) was estimated to take; null when unknown.</param>
internal sealed record PointNames(string Host, Func<int, GpuInfo?> Gpu, Func<ProcessReading, ProcessFacts> Process, Func<int, int, Plan?> Plan)
{
    /// <summary>Processes remembered for the events about them; beyond, it starts over.</summary>
    private const int Most = 4096;

    private readonly Dictionary<int, ProcessFacts> seen = [];

    public ProcessFacts Meet(ProcessReading process)
    {
        if (seen.Count >= Most)
        {
            seen.Clear();
        }
        return seen[process.Pid!.Value] = Process(process);
    }

    /// <summary>Null for a process that no sweep has named yet.</summary>
    public ProcessFacts? Known(int pid) => seen.GetValueOrDefault(pid);
}
