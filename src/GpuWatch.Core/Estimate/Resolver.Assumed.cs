using System.Globalization;
using System.Runtime.CompilerServices;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>What is told of a plan beside its numbers: what was assumed.</summary>
internal readonly ref partial struct Resolver
{
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
        Assume(isLoadedAsStored, $"weight_dtype {job.QuantFormat}+{job.WeightDtype ?? "bf16"} ({(StoredFormat.Of(job) is null ? "QLoRA's own format" : "as the model's files are quantised")})");
        Assume(isLoadedAsStored && job.QuantFormat == "gptq" && job.QuantBits != 4, $"quant_bits {job.QuantBits}");
        Assume(!isLoadedAsStored && job.WeightDtype is null, $"weight_dtype {Dtype}{(Dtype == "fp32" ? " (amp casts from fp32)" : "")}");
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
        Assume(job.Attention is null, IsEager ? "attention eager" : "attention sdpa");
        Assume(job.CrossEntropy is null && job.FusedCe != true, $"cross_entropy {LossWord}");
        Assume(job.Packing is null, "packing yes");
        Assume(job.EvalKept is not null && job.EvalBatch is null, $"eval_batch {Methods.UsualEvalBatch}");
        Assume(Methods.Prompts(job.Method) && job.VirtualTokens is null, $"virtual_tokens {Methods.UsualPrompt}");
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
        Assume(known.HeadDim is null && shape.HeadDim is { } dim && dim * shape.Heads != shape.Hidden, $"head_dim {shape.HeadDim}");
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

    private void Assume(bool isOpen, [InterpolatedStringHandlerArgument(nameof(isOpen))] Words said)
    {
        if (isOpen)
        {
            assumed.Add(said.Text());
        }
    }

    /// <summary>Words that are only put together where they are said: most keys of most jobs leave nothing open.</summary>
    [InterpolatedStringHandler]
    private ref struct Words
    {
        private DefaultInterpolatedStringHandler text;

        public Words(int literalLength, int formattedCount, bool isOpen, out bool goesOn)
        {
            text = isOpen ? new(literalLength, formattedCount, CultureInfo.InvariantCulture) : default;
            goesOn = isOpen;
        }

        public void AppendLiteral(string value) => text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

        public string Text() => text.ToStringAndClear();
    }

    /// <summary>Rows of the position table before the first token's: OPT's offset and RoBERTa's padding.</summary>
    private int Offset => shape.Block is "opt" or "opt_post" or "roberta" ? 2 : 0;
}
