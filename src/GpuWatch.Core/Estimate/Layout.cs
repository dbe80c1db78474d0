using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>How a job lies on its GPUs, as one GPU sees it.</summary>
/// <param name="Parts">Every weight is cut into so many parts: tensor and pipeline parallelism, layers laid out one GPU after the other.</param>
/// <param name="Shards">Ranks the sharded state is divided among; 1 = nothing is sharded.</param>
internal readonly record struct Layout(Sharding Sharding, int Parts, int Shards)
{
    public static Layout Of(Job job)
    {
        var sharding = Sharding.Of(job);
        var shards = sharding.State == ShardedState.None ? 1 : Math.Max(1, sharding.DataParallel ?? 1) * sharding.Context * sharding.Sequence;
        return new(sharding, sharding.Tensor * sharding.Pipeline, shards);
    }

    /// <summary>FSDP's SHARD_GRAD_OP: weights are sharded only between steps.</summary>
    public bool KeepsGathered => Sharding is { Fsdp: true, State: ShardedState.OptimizerAndGradients } && Shards > 1;

    /// <summary>Stages work on micro-batches at the same time; layers laid out by device_map wait for each other.</summary>
    public bool Pipelined => Sharding.Pipeline > 1 && !Sharding.LayerSplit;

    public bool SharesWeights => (Sharding.State == ShardedState.All && Shards > 1) || KeepsGathered;
    public int WeightShards => SharesWeights ? Shards : 1;
    public int GradientShards => Sharding.State >= ShardedState.OptimizerAndGradients ? Shards : 1;
    public int StateShards => Shards;
}
