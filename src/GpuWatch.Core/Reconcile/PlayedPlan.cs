using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>A plan, with what takes milliseconds to play of it: played when it is first asked for, and then known.</summary>
/// <param name="job">What was planned; null where only the plan is known.</param>
public sealed class PlayedPlan(Job? job, Plan plan)
{
    private double? tightness;
    private Bytes? reserved;

    public Job? Job => job;
    public Plan Plan => plan;

    /// <inheritdoc cref="Estimator.Tightness"/>
    public double Tightness => tightness ??= job is null ? 1 : Estimator.Tightness(job);

    /// <summary>What the allocator holds when batches of the planned size have found their places, and none of another size came between.</summary>
    public Bytes Reserved => reserved ??= (job is null ? null : Estimator.Reserved(job)) ?? plan.PeakReserved.Likely;
}
