using GpuWatch.Core.Estimate.Formulas;
using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate;

/// <summary>What a GPU holds of the parameters: weights, those that are trained, and what is gathered of the other GPUs' share.</summary>
internal readonly ref partial struct Resolver
{
    private HeldWeights Weights(Step step)
    {
        var adapters = method is MethodKind.Adapter ? TensorsOf(step) * step.Block.LoraWidth / layout.WeightShards : 0;
        if (OffloadsParameters)
        {
            return new(0, 0, 0, adapters);
        }
        var quantised = Quantised ? parameters.BlockMatrices : 0;
        var packed = (long)(quantised * QuantisedWeights.BytesPerWeight(job.QuantFormat, job.QuantBits));
        var plain = (parameters.Total - quantised) * StoredWidth;
        // Autocast's cache of 16-bit weights is kept for the whole forward pass.
        var cast = method is MethodKind.Inference && Amp && StoredWidth == 4 ? 2 * parameters.Total : 0;
        // Embedding and head lie whole at the ends of a pipeline. Who trains with tensor parallelism cuts the vocabulary too (Megatron-LM,
        // VocabParallelEmbedding; torchtitan); LitGPT's generation does not, as its published peaks show.
        var whole = layout.Parts > 1 ? (parameters.Embedding + parameters.Head) * StoredWidth : 0;
        var ends = method is MethodKind.Inference or MethodKind.Load ? whole : whole / layout.Sharding.Tensor;
        var cuts = layout.Parts * layout.WeightShards;
        return new(packed / cuts, ((plain - whole) / layout.Parts + ends) / layout.WeightShards, cast / cuts, adapters);
    }

    private long TrainedParameters(Step step) => method switch
    {
        MethodKind.Full or MethodKind.Projected => parameters.Total,
        MethodKind.Adapter or MethodKind.Last => TensorsOf(step),
        MethodKind.Blockwise => TrainedInTurn,
        _ => 0,
    };

    private long TensorsOf(Step step)
    {
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        var sum = TensorSizes.Sum(tensors[..TensorSizes.Trained(step, tensors)]);
        return Methods.TrainsFewNumbers(job.Method) ? sum / step.Layers : sum;
    }

    /// <summary>
    /// Of FSDP, ZeRO-3 and parameters in host memory: a block is gathered before it runs, the gradients of one wait whole to be reduced.
    /// </summary>
    private Gathered Gathered()
    {
        if (!layout.SharesWeights && !OffloadsParameters)
        {
            return default;
        }
        var width = CastsOnGather ? 2 : StoredWidth;
        var block = parameters.LargestBlock / layout.Parts * (Quantised ? QuantisedWeights.BytesPerWeight(job.QuantFormat, job.QuantBits) : width);
        var root = Shared.GatheredRoot(parameters.Embedding + parameters.Head + parameters.Rest, width, layout.Parts);
        var stage = (double)parameters.Blocks / layout.Parts;
        var waiting = layout.Pipelined ? stage : parameters.LargestBlock / layout.Parts;
        var gradients = Trains ? Shared.WaitingGradients(waiting, width, CastsOnGather) : 0;
        // SHARD_GRAD_OP gathers every unit and keeps it until backward has passed; so does FSDP under a pipeline, which else would gather for each micro-batch.
        var blocks = layout.KeepsGathered || layout.Pipelined ? stage * width : Shared.GatheredBlocks(block);
        return new((long)root, (long)blocks, (long)gradients);
    }
}
