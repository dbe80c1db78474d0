using GpuWatch.Core.Estimate.Formulas;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>The step that is played: its block, its length, its loss, and the evaluation between two of them.</summary>
internal readonly ref partial struct Resolver
{
    private int DefaultLength => Methods.UsualLength(job.Method);

    private int Prompt => Methods.Prompts(job.Method) ? job.VirtualTokens ?? Methods.UsualPrompt : 0;

    private Step Step()
    {
        var length = Math.Max(1, ((job.SeqLen ?? DefaultLength) + Prompt) / (layout.Sharding.Context * layout.Sharding.Sequence));
        var (batch, inFlight) = MicroBatches();
        var tokens = Shared.Tokens((long)batch * length, layout.Sharding.Tensor);
        var all = Math.Max(1, (shape.Layers!.Value + layout.Sharding.Pipeline - 1) / layout.Sharding.Pipeline);
        var layers = method is MethodKind.Last ? Math.Min(Methods.BlocksAtOnce, all) : all;
        var tied = (shape.TiedEmbeddings ?? traits.Tied) && !Classifies;
        return WithAllParameters(new(
            Block(batch, length, tokens), layers, shape.Vocab!.Value, Classes, tied, method is MethodKind.Full or MethodKind.Projected, positions, LossOf(),
            method is not (MethodKind.Inference or MethodKind.Load), method is MethodKind.Sparse or MethodKind.Blockwise,
            AlsoSaved(tokens, all), inFlight, Turning: method is MethodKind.Blockwise ? TrainedInTurn : 0, EmbeddingWidth: shape.EmbeddingWidth ?? 0, FinalNorm: traits.FinalNorm || traits.EmbeddingNorm,
            EncoderLayers: traits.EncoderDecoder ? Math.Max(1, layers / 2) : 0));
    }

    /// <summary>
    /// model.eval() under no_grad: no dropout, no checkpoints, nothing saved. Fused losses are for training: Liger makes whole logits in evaluation
    /// (liger_kernel, skip_logits defaults to self.training).
    /// </summary>
    private Step Evaluation(Step step)
    {
        var batch = job.EvalBatch ?? (job.EvalKept is null ? step.Block.Batch : Methods.UsualEvalBatch);
        var block = step.Block with
        {
            Batch = batch, Tokens = Shared.Tokens((long)batch * step.Block.Length, layout.Sharding.Tensor),
            Checkpointed = false, Dropout = false, LoraDropout = false, HoldsInputs = false,
        };
        return step with
        {
            Block = block, Loss = step.Loss is Loss.Fused ? Loss.Whole : step.Loss, Backward = false, InputNeedsGradient = false, AlsoSaved = 0, InFlight = 1,
        };
    }

    /// <summary>In the compute dtype, as the recorded jobs that gather them do (each asks for micro_batch · seq_len · vocab · 2 bytes under autocast).</summary>
    private long EvaluationLogits(Step evaluation) => evaluation.Block.Tokens * Classes * ComputeWidth;

    private long LogitsKept(Step evaluation) => Beside.EvaluationLogits(EvaluationLogits(evaluation), job.EvalKept ?? 1);

    /// <summary>Bytes kept for backward beside what the tape's blocks keep.</summary>
    private long AlsoSaved(long tokens, int layers) => (job.Checkpointing, method) switch
    {
        (_, MethodKind.Inference) => 0,
        ("selective", _) => Beside.Selective(Hidden, tokens, layers),
        ("full", MethodKind.Last) => Beside.BelowTrained(Hidden, tokens, layers, Methods.BlocksAtOnce, ComputeWidth),
        ("none", MethodKind.Blockwise) => Beside.InTurn(Hidden, PassedWidth(), tokens, Methods.BlocksAtOnce, ComputeWidth),
        _ => 0,
    };

    private long CheckpointsOffloaded(Step step) =>
        step.Block.Checkpointed && step.Backward && job.Offload?.Contains("activations", StringComparison.Ordinal) is true
            ? Beside.Offloaded(Hidden, step.Block.Tokens, step.Layers, step.InFlight, ComputeWidth)
            : 0;

    /// <summary>Parameters with a gradient where blocks take turns; LISA trains embedding and head in every turn (arXiv 2403.17919, section 3).</summary>
    private long TrainedInTurn => Methods.BlocksAtOnce * parameters.LargestBlock + (job.Method == "lisa" ? parameters.Embedding + parameters.Head : 0);

    /// <summary>
    /// A pipeline that is not told how many it is given cuts the batch it is given into single sequences, as torchtitan does.
    /// </summary>
    private (int Batch, int InFlight) MicroBatches()
    {
        var (batch, stages) = (job.MicroBatch ?? 1, layout.Sharding.Pipeline);
        return !layout.Pipelined ? (batch, 1)
            : job.GradAccum is { } micro and > 1 ? (batch, Shared.InFlight(micro, stages))
            : (1, Shared.InFlight(batch, stages));
    }

    /// <summary>What the parameters are more than the tensors that are played has no operation of its own.</summary>
    private Step WithAllParameters(Step step)
    {
        var block = step.Block;
        block = block with { Unplayed = Math.Max(0, parameters.Blocks / shape.Layers!.Value - TensorSizes.InBlock(step)) };
        var all = step with { Block = block };
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        var stage = parameters.Total - parameters.Blocks + parameters.Blocks * step.Layers / shape.Layers.Value;
        return !step.HeadTrained ? all : all with { Unplayed = Math.Max(0, stage - TensorSizes.Sum(tensors[..TensorSizes.Model(all, tensors)])) };
    }

    /// <summary>Positions are a bias on the scores (ALiBi): nothing is rotated.</summary>
    private bool Alibi => shape.Block is "mpt" or "bloom" or "falcon_rw" or "t5" or "t5_gated";

    private bool Rescales => job.Method == "ia3";

    /// <summary>PEFT keeps adapters in fp32 (autocast_adapter_dtype); FSDP gathers them in the dtype of the blocks, and flattens only tensors of one dtype.</summary>
    private int LoraWidth => job.LoraDtype is "bf16" or "fp16" || (layout.SharesWeights && layout.Sharding.Fsdp) ? 2 : 4;

    /// <summary>transformers has no other attention for T5 than the one whose scores are whole.</summary>
    private bool IsEager => job.Attention == "eager" || (job.Attention is null && traits.EncoderDecoder);

    private bool Classifies => job.CrossEntropy == "classification";
    private long Classes => Classifies ? 2 : shape.Vocab!.Value;

    /// <summary>The word of the vocabulary for the loss that is played.</summary>
    private string LossWord => LossOf() switch
    {
        Loss.Whole => "hf2025",
        Loss.Chunked => "chunked",
        Loss.Shifted => "hf",
        _ => "hf_trainer",
    };

    private Loss LossOf() => job switch
    {
        _ when method is MethodKind.Inference or MethodKind.Load => Loss.None,
        { FusedCe: true } or { CrossEntropy: "fused" } => Loss.Fused,
        { CrossEntropy: "hf2025" } => Loss.Whole,
        { CrossEntropy: "chunked" } => Loss.Chunked,
        { CrossEntropy: "hf" } => Loss.Shifted,
        { CrossEntropy: "hf_trainer" } => Loss.Kept,
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
            traits.Gated, traits.IsRms, traits.Positions == 0 && !Alibi, !traits.IsRms && !traits.Gated, (gptLike && job.Architecture.Block is not "gpt_neo") || traits.EncoderDecoder, shape.Block is "gpt2" or "gpt_neo" or "t5_gated",
            traits.MlpBias, job.Attention is null or "sdpa", shape.Experts ?? 1, ExpertCopies(passed),
            batch, length, tokens, Hidden, heads, shape.KvHeads ?? heads, HeadDim,
            passed,
            shape.QkvBias ?? traits.QkvBias, BlockWeightWidth, ComputeWidth, method is MethodKind.Full or MethodKind.Projected or MethodKind.Last, Quantised,
            IsEager, method is not MethodKind.Inference && job.Checkpointing is "full" or "selective", Amp && !CastsOnGather, adapters ? job.LoraRank ?? 16 : 0,
            adapters ? LoraTargets.Read(job.LoraTargets) : Rescales ? LoraTargets.Read(job.LoraTargets, LoraTargets.OfIa3) : Targets.None, LoraWidth, job.LoraDropout > 0,
            HoldsInputs: layout.SharesWeights && layout.Sharding.Fsdp && !Trains && job.Checkpointing != "none")
        {
            Caches = method is MethodKind.Inference, Slices = layout.Sharding.Tensor, Norms = traits.Norms, NormScales = (int)traits.Norm, QkNorm = traits.QkNorm, Latent = shape.Latent, OutputBiased = traits.OutputBias,
            RelativeBias = traits.EncoderDecoder, Magnitudes = job.Method is "dora" or "qdora", Rescales = Rescales,
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
}
