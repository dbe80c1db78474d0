using System.Collections.Immutable;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Advice;
using GpuWatch.Core.Estimate.Cost;
using GpuWatch.Core.Estimate.Explain;
using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>A job's plan with what was asked about it; what was not asked is null or empty.</summary>
/// <param name="Room">The card the job has; null = none is known.</param>
/// <param name="Terms">What the plan's components are made of.</param>
/// <param name="Advice">What makes it fit or smaller.</param>
internal sealed record Estimated(
    Job Job,
    Plan Plan,
    Room? Room,
    ImmutableArray<Advised> Advice,
    TrainingCost? Cost,
    CostQuestion? CostQuestion,
    ImmutableArray<Term> Terms,
    ImmutableArray<(Preset Preset, PresetAnswer Answer)> Compared)
{
    /// <summary>Whether the likely peak fits; null without a card.</summary>
    public bool? Fits => Room is null ? null : Plan.PeakDevice.Likely <= Room.Usable;

    /// <summary>What a preset that speaks of the whole job gives for each of its GPUs: a share where the job is divided, all of it in replicas.</summary>
    public Bytes PerGpu(Preset preset, PresetAnswer answer)
    {
        var sharding = Sharding.Of(Job);
        var divided = sharding.State != ShardedState.None || sharding.LayerSplit || sharding.Tensor * sharding.Pipeline > 1;
        return preset.PerGpu || !divided ? answer.Total : answer.Total * (1.0 / Math.Max(1, Job.NumGpus ?? 1));
    }
}
