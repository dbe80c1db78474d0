using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>Decides what a job leaves open, and divides it among its GPUs.</summary>
internal readonly ref struct Resolver
{
    private readonly Job job;
    private readonly Architecture shape;
    private readonly int positions;
    private readonly BlockTraits traits;
    private readonly ParameterCount parameters;
    private readonly Layout layout;
    private readonly MethodKind method;
    private readonly ImmutableArray<string>.Builder assumed;

    private Resolver(Job job, Architecture? from, ParameterCount parameters)
    {
        (this.job, shape) = (job, job.Architecture);
        traits = BlockTraits.Of(shape.Block);
        positions = shape.Positions ?? (from is { } known && known.Hidden == shape.Hidden ? BlockTraits.Of(known.Block).Positions : traits.Positions);
        var more = (positions - (shape.Positions ?? traits.Positions)) * (long)Hidden;
        this.parameters = parameters with
        {
            Rest = parameters.Rest + more,
            // A classifier's head takes the place of the language model's.
            Head = Classifies ? (long)Classes * Hidden : parameters.Head,
        };
        layout = Layout.Of(job);
        method = Methods.Of(job.Method);
        assumed = ImmutableArray.CreateBuilder<string>();
    }

    /// <returns>The workload, or null with the reason when the model's shape is not known.</returns>
    public static (Workload? Work, string? Error) Resolve(Job given)
    {
        var (job, from, error) = ModelShape.Complete(given);
        if (job is null)
        {
            return (null, error);
        }
        if (job.Architecture.Block is null && FamilyGuess.Of(job) is { } family)
        {
            job = job with { Architecture = job.Architecture with { Block = family } };
        }
        if (ShapeGuess.Fill(job.Architecture) is not { } shape || ParameterCount.Of(shape) is not { } parameters)
        {
            return (null, "the model's shape is not known; give hidden, layers, heads, intermediate and vocab");
        }
        (shape, parameters) = ShapeGuess.Reconcile(shape, parameters);
        var resolver = new Resolver(job with { Architecture = shape }, from, parameters);
        return (resolver.Resolve(), null);
    }

    private int Hidden => shape.Hidden!.Value;
    private int HeadDim => shape.Latent is { } latent ? latent.NopeDim + latent.RopeDim : shape.HeadDim ?? Math.Max(1, Hidden / shape.Heads!.Value);
    private bool Quantised => job.QuantFormat is not null || job.QuantBits is not null || job.Method == "qlora";
    private bool Trains => method is MethodKind.Full or MethodKind.Blockwise or MethodKind.Projected;
    private bool Amp => job.Amp ?? false;
    /// <summary>Bytes of a stored number of the weights that are not quantised.</summary>
    private int StoredWidth => job.WeightDtype == "fp32" ? 4 : 2;
    /// <summary>FSDP's and ZeRO's mixed precision casts a unit when it is gathered, so blocks see 16-bit weights.</summary>
    private bool CastsOnGather => layout.SharesWeights && (Amp || job.MasterWeights == true);
    private int ComputeWidth => Amp || CastsOnGather ? 2 : StoredWidth;
    private int BlockWeightWidth => CastsOnGather ? 2 : StoredWidth;
    private bool Masters => (job.MasterWeights ?? DeepSpeed) && StoredWidth == 2 && Trains;
    private bool DeepSpeed => layout.Sharding.State != ShardedState.None && !layout.Sharding.Fsdp;

    private Workload Resolve()
    {
        Assume();
        var step = Step();
        var weights = WeightBytes(step);
        var trained = TrainedParameters(step);
        var (forward, backward) = Gathered();
        return new(
            job, step, layout, method, parameters, weights, trained, Optimizer, Masters ? 4 : method is MethodKind.Adapter ? step.Block.LoraWidth : StoredWidth,
            Masters, Masters && DeepSpeed ? 2 : method is MethodKind.Adapter ? step.Block.LoraWidth : StoredWidth, forward, backward,
            job.Offload?.Contains("optimizer", StringComparison.Ordinal) ?? false, job.GradAccum > 1, assumed.DrainToImmutable());
    }

    private string Optimizer => job.Optimizer ?? "adamw_torch";

    private void Assume()
    {
        if (method is MethodKind.Load)
        {
            return;
        }
        if (job.MicroBatch is null) { assumed.Add("micro_batch 1"); }
        if (job.SeqLen is null) { assumed.Add($"seq_len {DefaultLength}"); }
        if (job.Method is null) { assumed.Add("method full"); }
        if (job.WeightDtype is null) { assumed.Add("weight_dtype bf16"); }
        if (method is MethodKind.Inference)
        {
            return;
        }
        if (job.Optimizer is null) { assumed.Add("optimizer adamw_torch"); }
        if (job.GradCheckpointing is null)
        {
            assumed.Add(job.Checkpointing == "full" ? "grad_checkpointing full (PEFT's prepare_model_for_kbit_training turns it on)" : "grad_checkpointing none");
        }
        if (job.Attention is null) { assumed.Add("attention sdpa"); }
        if (job.CrossEntropy is null && job.FusedCe is null) { assumed.Add("cross_entropy hf"); }
        if (method is MethodKind.Adapter && job.LoraRank is null) { assumed.Add("lora_rank 16"); }
    }

    private int DefaultLength => method is MethodKind.Inference ? 256 : 1024;

    private Step Step()
    {
        var length = Math.Max(1, (job.SeqLen ?? DefaultLength) / (layout.Sharding.Context * layout.Sharding.Sequence));
        // 1F1B keeps as many micro-batches of one sequence in flight as there are stages (Narayanan et al. 2021, section 2.2).
        var inFlight = layout.Pipelined ? Math.Min(job.MicroBatch ?? 1, layout.Sharding.Pipeline) : 1;
        var batch = layout.Pipelined ? 1 : job.MicroBatch ?? 1;
        // Sequence parallelism divides what tensor parallelism leaves whole (Korthikanti et al., arXiv 2205.05198, section 4.2).
        var tokens = Math.Max(1, (long)batch * length / layout.Sharding.Tensor);
        var layers = Math.Max(1, (shape.Layers!.Value + layout.Sharding.Pipeline - 1) / layout.Sharding.Pipeline);
        var tied = (shape.TiedEmbeddings ?? traits.Tied) && !Classifies;
        return WithAllParameters(new(
            Block(batch, length, tokens), layers, shape.Vocab!.Value, Classes, tied, method is MethodKind.Full or MethodKind.Projected, positions, LossOf(),
            method is not (MethodKind.Inference or MethodKind.Load), method is MethodKind.Sparse,
            AlsoSaved(tokens, layers), inFlight));
    }

    /// <summary>What the parameters are more than the tensors that are played has no operation of its own.</summary>
    private Step WithAllParameters(Step step)
    {
        var block = step.Block;
        block = block with { Unplayed = Math.Max(0, parameters.Blocks / shape.Layers!.Value - TensorSizes.InBlock(block)) };
        var all = step with { Block = block };
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        var stage = parameters.Total - parameters.Blocks + parameters.Blocks * step.Layers / shape.Layers.Value;
        return step with { Block = block, Unplayed = Math.Max(0, stage - TensorSizes.Sum(tensors[..TensorSizes.Model(all, tensors)])) };
    }

    /// <summary>
    /// Selective checkpointing keeps the outputs of matrix products and attention: 12.5 h bytes a token and layer (torchtitan, measured). Generation keeps
    /// the keys and values of all tokens.
    /// </summary>
    private long AlsoSaved(long tokens, int layers) => method is MethodKind.Inference
        ? 2L * ComputeWidth * (shape.KvHeads ?? shape.Heads!.Value) * (shape.HeadDim ?? Math.Max(1, Hidden / shape.Heads!.Value)) * tokens * layers
        : job.Checkpointing == "selective" ? (long)(12.5 * Hidden * tokens * layers) : 0;

    /// <summary>Positions are a bias on the scores (ALiBi): nothing is rotated.</summary>
    private bool Alibi => shape.Block is "mpt" or "bloom" or "falcon_rw" or "t5" or "t5_gated";

    /// <summary>PEFT keeps adapters in fp32 (autocast_adapter_dtype); FSDP gathers them in the dtype of the blocks, and flattens only tensors of one dtype.</summary>
    private int LoraWidth => job.LoraDtype is "bf16" or "fp16" || (layout.SharesWeights && layout.Sharding.Fsdp) ? 2 : 4;

    private bool Classifies => job.CrossEntropy == "classification";
    private long Classes => Classifies ? 2 : shape.Vocab!.Value;

    private Loss LossOf() => job switch
    {
        _ when method is MethodKind.Inference or MethodKind.Load => Loss.None,
        { FusedCe: true } or { CrossEntropy: "fused" } => Loss.Fused,
        { CrossEntropy: "hf2025" } => Loss.Whole,
        { CrossEntropy: "chunked" } => Loss.Chunked,
        { CrossEntropy: "hf" } => Loss.Shifted,
        // MPT's own model code computes its loss with a fused cross-entropy on 16-bit logits (llm-foundry, loss_fn: fused_crossentropy).
        { Architecture.Block: "mpt" } => Loss.Chunked,
        { Method: "pretrain" } => Loss.Whole,
        _ => Loss.Kept,
    };

    private Block Block(int batch, int length, long tokens)
    {
        var heads = shape.Heads!.Value;
        var adapters = method is MethodKind.Adapter;
        var gptLike = !traits.IsRms && !traits.Gated && traits.Positions > 0;
        var passed = PassedWidth();
        return new(
            traits.Gated, traits.IsRms, traits.Positions == 0 && !Alibi, !traits.IsRms && !traits.Gated, gptLike && job.Architecture.Block is not "gpt_neo", shape.Block is "gpt2" or "gpt_neo",
            traits.MlpBias, job.Attention is null or "sdpa", shape.Experts ?? 1, ExpertCopies(passed),
            batch, length, tokens, Hidden, heads, shape.KvHeads ?? heads, HeadDim,
            passed,
            shape.QkvBias ?? traits.QkvBias, BlockWeightWidth, ComputeWidth, method is MethodKind.Full or MethodKind.Projected, Quantised,
            job.Attention == "eager", job.Checkpointing is "full" or "selective", Amp && !CastsOnGather, adapters ? job.LoraRank ?? 16 : 0,
            adapters ? LoraTargetWords.Read(job.LoraTargets) : Targets.None, LoraWidth, job.LoraDropout > 0,
            HoldsInputs: layout.SharesWeights && layout.Sharding.Fsdp && !Trains && job.Checkpointing != "none")
        {
            Norms = traits.Norms, NormScales = (int)traits.Norm, QkNorm = traits.QkNorm, Latent = shape.Latent, OutputBiased = traits.OutputBias,
        };
    }

    /// <summary>Width of all MLPs that one token passes through.</summary>
    private long PassedWidth() => shape.Experts is null
        ? shape.Intermediate!.Value
        : (long)(shape.ExpertIntermediate ?? shape.Intermediate!.Value) * Math.Max(1, shape.ExpertsPerToken ?? 2) + (shape.SharedIntermediate ?? 0);

    /// <summary>Weights of a block's MLPs for each that a token passes through, so that the trained tensors are as many as the model's parameters.</summary>
    private double ExpertCopies(long passed)
    {
        if (shape.Experts is null)
        {
            return 1;
        }
        var mlps = (double)parameters.BlockMatrices / shape.Layers!.Value - ParameterCount.AttentionMatrices(shape);
        return Math.Max(1, mlps / ((traits.Gated ? 3 : 2) * Hidden * passed));
    }

    private long WeightBytes(Step step)
    {
        var total = parameters.Total;
        var packed = Quantised ? parameters.BlockMatrices : 0;
        var bytes = (total - packed) * StoredWidth + (long)(packed * QuantisedWeights.BytesPerWeight(job.QuantFormat, job.QuantBits));
        if (method is MethodKind.Inference && Amp && StoredWidth == 4)
        {
            // Autocast's cache of 16-bit weights is kept for the whole forward pass.
            bytes += 2 * total;
        }
        var adapters = method is MethodKind.Adapter ? AdapterParameters(step) * step.Block.LoraWidth : 0;
        // Embedding and head lie whole on the GPUs that have them, whatever divides the layers.
        var ends = layout.Parts > 1 ? (parameters.Embedding + parameters.Head) * StoredWidth : 0;
        bytes = job.Offload?.Contains("params", StringComparison.Ordinal) == true ? 0 : ((bytes - ends) / layout.Parts + ends) / layout.WeightShards;
        return bytes + adapters;
    }

    private long TrainedParameters(Step step) => method switch
    {
        MethodKind.Full or MethodKind.Projected => parameters.Total,
        MethodKind.Adapter => AdapterParameters(step),
        MethodKind.Blockwise => 2 * parameters.LargestBlock,
        _ => 0,
    };

    private long AdapterParameters(Step step)
    {
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        var sum = TensorSizes.Sum(tensors[..TensorSizes.Adapters(step, tensors)]);
        return Methods.TrainsFewNumbers(job.Method) ? sum / step.Layers : sum;
    }

    /// <summary>
    /// FSDP and ZeRO-3 gather a block before it runs and the next one ahead of it; embedding and head are gathered from the forward pass to the
    /// end of backward; the gradients of one block wait whole to be reduced (PyTorch FSDP, _runtime_utils.py).
    /// </summary>
    private (long Forward, long Backward) Gathered()
    {
        if (!layout.SharesWeights)
        {
            var whole = layout.Sharding.Ddp && Trains ? parameters.Total * StoredWidth : 0;
            return (0, whole);
        }
        var width = CastsOnGather ? 2 : StoredWidth;
        var block = parameters.LargestBlock / layout.Parts * (Quantised ? QuantisedWeights.BytesPerWeight(job.QuantFormat, job.QuantBits) : width);
        var root = (parameters.Embedding + parameters.Head + parameters.Rest) / layout.Parts * width;
        var stage = (double)parameters.Blocks / layout.Parts;
        // The micro-batches of a pipeline add up their gradients unsharded before one reduction (FSDP2, set_requires_gradient_sync).
        var waiting = layout.Pipelined ? stage : parameters.LargestBlock / layout.Parts;
        var gradients = Trains ? waiting * (CastsOnGather ? 4 : width) : 0;
        // SHARD_GRAD_OP gathers every unit and keeps it until backward has passed; so does FSDP under a pipeline, which else would gather for each micro-batch.
        var blocks = layout.KeepsGathered || layout.Pipelined ? stage * width : 2 * block;
        return ((long)(root + blocks), (long)(root + blocks + gradients));
    }
}
