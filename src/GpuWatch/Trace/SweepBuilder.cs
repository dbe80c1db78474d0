using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Trace;

/// <summary>Gathers the rows of one instant into a sweep: a frame for each GPU, its processes by ascending pid.</summary>
internal sealed class SweepBuilder
{
    private readonly SortedList<int, GatheredFrame> gpus = [];
    private double timeSeconds;

    /// <summary>The row begins another instant: what is gathered must be taken first.</summary>
    public bool Completes(in Row row) => gpus.Count > 0 && row.TimeSeconds != timeSeconds;

    /// <summary>Why the row cannot be added; null when it can.</summary>
    public string? Contradiction(in Row row) =>
        gpus.TryGetValue(row.Gpu, out var gathered) ? gathered.Contradiction(row) : null;

    public void Add(in Row row)
    {
        timeSeconds = row.TimeSeconds;
        if (!gpus.TryGetValue(row.Gpu, out var gathered))
        {
            gpus.Add(row.Gpu, gathered = new GatheredFrame(row.TimeSeconds, row.Gpu));
        }
        gathered.Add(row);
    }

    /// <summary>The sweep gathered so far; null when there is none.</summary>
    public Sweep? Take()
    {
        if (gpus.Count == 0)
        {
            return null;
        }
        var outcomes = ImmutableArray.CreateBuilder<GpuOutcome>(gpus.Count);
        foreach (var gathered in gpus.Values)
        {
            outcomes.Add(gathered.Outcome());
        }
        gpus.Clear();
        return new Sweep(timeSeconds, outcomes.MoveToImmutable());
    }
}
