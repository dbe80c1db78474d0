using System.Collections.Immutable;
using System.Globalization;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>Decides what a job leaves open, and divides it among its GPUs.</summary>
internal readonly ref struct Resolver
{
    private readonly Job job;
    private readonly Architecture shape;
    private readonly Architecture complete;
    private readonly bool isBlockGuessed;
    private readonly int positions;
    private readonly BlockTraits traits;
    private readonly ParameterCount parameters;
    private readonly Layout layout;
    private readonly MethodKind method;
    private readonly ImmutableArray<string>.Builder assumed;

    private Resolver(Job job, Architecture complete, bool isBlockGuessed, Architecture? from, ParameterCount parameters)
    {
        (this.job, this.complete, this.isBlockGuessed, shape) = (job, complete, isBlockGuessed, job.Architecture);
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
        if (from is null)
        {
            (shape, parameters) = ShapeGuess.Reconcile(shape, parameters, given.Architecture.Block is not null);
        }
        var resolver = new Resolver(job with { Architecture = shape }, job.Architecture, from is null && given.Architecture.Block is null, from, parameters);
        return (resolver.Resolve(), null);
    }

    private int Hidden => shape.Hidden!.Value;
    private int HeadDim => shape.Latent is { } latent ? latent.NopeDim + latent.RopeDim : shape.HeadDim ?? Math.Max(1, Hidden / shape.Heads!.Value);
    private bool Quantised => Methods.IsQuantised(job);
    private bool Trains => method is MethodKind.Full or MethodKind.Blockwise or MethodKind.Last or MethodKind.Projected;
    private bool Amp => job.Amp ?? false;
    /// <summary>Bytes of a stored number of the weights that are not quantised.</summary>
    private int StoredWidth => job.WeightDtype == "fp32" ? 4 : 2;
    /// <summary>FSDP's and ZeRO's mixed precision casts a unit when it is gathered, so blocks see 16-bit weights.</summary>
    private bool CastsOnGather => layout.SharesWeights && (Amp || Masters);
    private int ComputeWidth => Amp || CastsOnGather ? 2 : StoredWidth;
    private int BlockWeightWidth => CastsOnGather ? 2 : StoredWidth;
    private bool Masters => (job.MasterWeights ?? DeepSpeed) && StoredWidth == 2 && Trains;
    private bool OffloadsParameters => job.Offload?.Contains("params", StringComparison.Ordinal) ?? false;
    private bool DeepSpeed => layout.Sharding.State != ShardedState.None && !layout.Sharding.Fsdp;

    private Workload Resolve()
    {
        Assume();
        var step = Step();
        var weights = Weights(step);
        var trained = TrainedParameters(step);
        var gradients = Masters && DeepSpeed ? 2 : method is MethodKind.Adapter ? step.Block.LoraWidth : StoredWidth;
        return new(
            job, step, layout, method, parameters, weights, trained, Optimizer, Masters ? 4 : method is MethodKind.Adapter ? step.Block.LoraWidth : StoredWidth,
            Masters, gradients, layout.Sharding.Ddp && (job.NumGpus ?? 1) > 1 ? trained * gradients : 0, Gathered(),
            job.Offload?.Contains("optimizer", StringComparison.Ordinal) ?? false, OffloadsParameters, job.GradAccum > 1,
            Evaluation(step), LogitsKept(step), assumed.DrainToImmutable(), Warnings());
    }

    private string Optimizer => job.Method is "lomo" or "adalomo" ? job.Method : job.Optimizer ?? "adamw_torch";

    /// <summary>Each as "key value", so that a person who writes it down gets the same plan.</summary>
    private void Assume()
    {
        AssumeShape();
        if (method is MethodKind.Load)
        {
            return;
        }
        Assume(job.MicroBatch is null, "micro_batch 1");
        Assume(job.SeqLen is null, $"seq_len {DefaultLength}");
        Assume(job.Method is null, "method full");
        Assume(job.WeightDtype is null, "weight_dtype bf16");
        Assume(Quantised && job.QuantBits is null && job.QuantFormat is null, "quant_bits 4");
        Assume(job.Amp is null, "amp no");
        Assume(job.NumGpus > 1 && job.Parallelism is null, "parallelism ddp");
        if (method is MethodKind.Inference)
        {
            return;
        }
        Assume(job.Optimizer is null, $"optimizer {Optimizer}");
        Assume(job.MasterWeights is null && Trains && StoredWidth == 2, $"master_weights {(Masters ? "yes" : "no")}");
        Assume(job.GradAccum is null, "grad_accum 1");
        Assume(job.GradCheckpointing is null,
            job.Checkpointing == "full" ? "grad_checkpointing full (PEFT's prepare_model_for_kbit_training turns it on)" : "grad_checkpointing none");
        Assume(job.Attention is null, "attention sdpa");
        Assume(job.CrossEntropy is null && job.FusedCe != true, $"cross_entropy {LossWord}");
        Assume(job.Packing is null, "packing yes");
        if (method is MethodKind.Adapter)
        {
            Assume(job.LoraRank is null, "lora_rank 16");
            Assume(job.LoraTargets is null, "lora_targets q,v");
            Assume(job.LoraDtype is null, $"lora_dtype {(LoraWidth == 4 ? "fp32" : "bf16")}");
            Assume(job.LoraDropout is null, "lora_dropout 0");
        }
    }

    /// <summary>What neither the job nor the catalogue says of the model.</summary>
    private void AssumeShape()
    {
        var known = complete;
        Assume(known.Hidden is null, $"hidden {shape.Hidden}");
        Assume(known.Layers is null, $"layers {shape.Layers}");
        Assume(known.Heads is null, $"heads {shape.Heads}");
        Assume(known.KvHeads is null, $"kv_heads {shape.KvHeads ?? shape.Heads}");
        Assume(known.Intermediate is null, $"intermediate {shape.Intermediate}");
        Assume(known.Vocab is null, $"vocab {shape.Vocab}");
        Assume(known.Block is null || isBlockGuessed, $"block {shape.Block ?? "llama"}");
        Assume(known.TiedEmbeddings is null, $"tied_embeddings {(shape.TiedEmbeddings ?? traits.Tied ? "yes" : "no")}");
        Assume(known.QkvBias is null, $"qkv_bias {(shape.QkvBias ?? traits.QkvBias ? "yes" : "no")}");
    }

    private void Assume(bool isOpen, string said)
    {
        if (isOpen)
        {
            assumed.Add(said);
        }
    }

    /// <summary>The word of the vocabulary for the loss that is played.</summary>
    private string LossWord => LossOf() switch
    {
        Loss.Whole => "hf2025",
        Loss.Chunked => "chunked",
        Loss.Shifted => "hf",
        _ => "hf_trainer",
    };

    /// <summary>What the job says and this plan does not follow.</summary>
    private ImmutableArray<string> Warnings()
    {
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (shape.ParametersBillion is { } billions && parameters.Total / (billions * 1e9) is < 1 - ShapeGuess.Tolerance or > 1 + ShapeGuess.Tolerance)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"params_b says {billions:0.###}, but the architecture has {parameters.Total / 1e9:0.###}"));
        }
        if (traits.EncoderDecoder && method is not MethodKind.Load)
        {
            warnings.Add("what cross attention keeps for backward is not counted");
        }
        return warnings.DrainToImmutable();
    }

    private int DefaultLength => Methods.UsualLength(job.Method);

    private Step Step()
    {
        var length = Math.Max(1, (job.SeqLen ?? DefaultLength) / (layout.Sharding.Context * layout.Sharding.Sequence));
        var (batch, inFlight) = MicroBatches();
        // Sequence parallelism divides what tensor parallelism leaves whole (Korthikanti et al., arXiv 2205.05198, section 4.2).
        var tokens = Math.Max(1, (long)batch * length / layout.Sharding.Tensor);
        var all = Math.Max(1, (shape.Layers!.Value + layout.Sharding.Pipeline - 1) / layout.Sharding.Pipeline);
        var layers = method is MethodKind.Last ? Math.Min(Methods.BlocksAtOnce, all) : all;
        var tied = (shape.TiedEmbeddings ?? traits.Tied) && !Classifies;
        return WithAllParameters(new(
            Block(batch, length, tokens), layers, shape.Vocab!.Value, Classes, tied, method is MethodKind.Full or MethodKind.Projected, positions, LossOf(),
            method is not (MethodKind.Inference or MethodKind.Load), method is MethodKind.Sparse or MethodKind.Blockwise,
            AlsoSaved(tokens, all), inFlight, Turning: method is MethodKind.Blockwise ? TrainedInTurn : 0));
    }

    /// <summary>
    /// model.eval() under no_grad: no dropout, no checkpoints, nothing saved. Fused losses are for training: Liger makes whole logits in evaluation
    /// (liger_kernel, skip_logits defaults to self.training).
    /// </summary>
    private Step Evaluation(Step step)
    {
        var batch = job.EvalBatch ?? step.Block.Batch;
        var block = step.Block with
        {
            Batch = batch, Tokens = Math.Max(1, (long)batch * step.Block.Length / layout.Sharding.Tensor),
            Checkpointed = false, Dropout = false, LoraDropout = false, HoldsInputs = false,
        };
        return step with
        {
            Block = block, Loss = step.Loss is Loss.Fused ? Loss.Whole : step.Loss, Backward = false, InputNeedsGradient = false, AlsoSaved = 0, InFlight = 1,
        };
    }

    /// <summary>
    /// Of all batches that are kept but the last, which is being made: in the compute dtype, as the recorded jobs that gather them do
    /// (each asks for micro_batch · seq_len · vocab · 2 bytes under autocast).
    /// </summary>
    private long LogitsKept(Step step) =>
        job.EvalKept is { } kept and > 1 ? (kept - 1L) * Evaluation(step).Block.Tokens * Classes * ComputeWidth : 0;

    /// <summary>Bytes kept for backward beside what the tape's blocks keep.</summary>
    private long AlsoSaved(long tokens, int layers) => (job.Checkpointing, method) switch
    {
        (_, MethodKind.Inference) => 0,
        // Selective checkpointing keeps the outputs of matrix products and attention: 12.5 h bytes a token and layer (torchtitan, measured).
        ("selective", _) => (long)(12.5 * Hidden * tokens * layers),
        // The inputs of blocks that are not trained, which PEFT's and LLaMA-Factory's enable_input_require_grads makes checkpointing keep too.
        ("full", MethodKind.Last) => Math.Max(0, layers - Methods.BlocksAtOnce) * ComputeWidth * Hidden * tokens,
        // What a trained block keeps more than a frozen one: 4 h + f numbers a token, the inputs of its norms and linears.
        ("none", MethodKind.Blockwise) => Methods.BlocksAtOnce * ComputeWidth * (4 * Hidden + PassedWidth()) * tokens,
        _ => 0,
    };

    /// <summary>Parameters with a gradient where blocks take turns; LISA trains embedding and head in every turn (arXiv 2403.17919, section 3).</summary>
    private long TrainedInTurn => Methods.BlocksAtOnce * parameters.LargestBlock + (job.Method == "lisa" ? parameters.Embedding + parameters.Head : 0);

    /// <summary>
    /// 1F1B keeps as many micro-batches in flight as there are stages (Narayanan et al. 2021, section 2.2). A pipeline that is not told how many it
    /// is given cuts the batch it is given into single sequences, as torchtitan does.
    /// </summary>
    private (int Batch, int InFlight) MicroBatches()
    {
        var (batch, stages) = (job.MicroBatch ?? 1, layout.Sharding.Pipeline);
        return !layout.Pipelined ? (batch, 1)
            : job.GradAccum is { } micro and > 1 ? (batch, Math.Min(micro, stages))
            : (1, Math.Min(batch, stages));
    }

    /// <summary>What the parameters are more than the tensors that are played has no operation of its own.</summary>
    private Step WithAllParameters(Step step)
    {
        var block = step.Block;
        block = block with { Unplayed = Math.Max(0, parameters.Blocks / shape.Layers!.Value - TensorSizes.InBlock(block)) };
        var all = step with { Block = block };
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        var stage = parameters.Total - parameters.Blocks + parameters.Blocks * step.Layers / shape.Layers.Value;
        return step with { Block = block, Unplayed = !step.HeadTrained ? 0 : Math.Max(0, stage - TensorSizes.Sum(tensors[..TensorSizes.Model(all, tensors)])) };
    }

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
            traits.Gated, traits.IsRms, traits.Positions == 0 && !Alibi, !traits.IsRms && !traits.Gated, gptLike && job.Architecture.Block is not "gpt_neo", shape.Block is "gpt2" or "gpt_neo",
            traits.MlpBias, job.Attention is null or "sdpa", shape.Experts ?? 1, ExpertCopies(passed),
            batch, length, tokens, Hidden, heads, shape.KvHeads ?? heads, HeadDim,
            passed,
            shape.QkvBias ?? traits.QkvBias, BlockWeightWidth, ComputeWidth, method is MethodKind.Full or MethodKind.Projected or MethodKind.Last, Quantised,
            job.Attention == "eager", method is not MethodKind.Inference && job.Checkpointing is "full" or "selective", Amp && !CastsOnGather, adapters ? job.LoraRank ?? 16 : 0,
            adapters ? LoraTargets.Read(job.LoraTargets) : Targets.None, LoraWidth, job.LoraDropout > 0,
            HoldsInputs: layout.SharesWeights && layout.Sharding.Fsdp && !Trains && job.Checkpointing != "none")
        {
            Caches = method is MethodKind.Inference, Slices = layout.Sharding.Tensor, Norms = traits.Norms, NormScales = (int)traits.Norm, QkNorm = traits.QkNorm, Latent = shape.Latent, OutputBiased = traits.OutputBias,
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

    private HeldWeights Weights(Step step)
    {
        var adapters = method is MethodKind.Adapter ? TensorsOf(step) * step.Block.LoraWidth : 0;
        if (OffloadsParameters)
        {
            return new(0, 0, 0, adapters);
        }
        var quantised = Quantised ? parameters.BlockMatrices : 0;
        var packed = (long)(quantised * QuantisedWeights.BytesPerWeight(job.QuantFormat, job.QuantBits));
        var plain = (parameters.Total - quantised) * StoredWidth;
        // Autocast's cache of 16-bit weights is kept for the whole forward pass.
        var cast = method is MethodKind.Inference && Amp && StoredWidth == 4 ? 2 * parameters.Total : 0;
        // Embedding and head lie whole on the GPUs that have them, whatever divides the layers.
        var ends = layout.Parts > 1 ? (parameters.Embedding + parameters.Head) * StoredWidth : 0;
        var cuts = layout.Parts * layout.WeightShards;
        return new(packed / cuts, ((plain - ends) / layout.Parts + ends) / layout.WeightShards, cast / cuts, adapters);
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
    /// FSDP, ZeRO-3 and parameters in host memory gather a block before it runs and the next one ahead of it; embedding and head are gathered from the forward pass to the
    /// end of backward; the gradients of one block wait whole to be reduced (PyTorch FSDP, _runtime_utils.py).
    /// </summary>
    private Gathered Gathered()
    {
        if (!layout.SharesWeights && !OffloadsParameters)
        {
            return default;
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
        return new((long)root, (long)blocks, (long)gradients);
    }
}
