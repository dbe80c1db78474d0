using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>What a training method does to memory.</summary>
internal enum MethodKind
{
    /// <summary>All weights are trained.</summary>
    Full,
    /// <summary>A frozen base with small trained matrices beside its layers.</summary>
    Adapter,
    /// <summary>A frozen base with a few trained numbers: prompts, scales, norms. Gradients flow through all of it.</summary>
    Sparse,
    /// <summary>All weights in turn, a block or two at a time: gradients flow through all of them.</summary>
    Blockwise,
    /// <summary>The last blocks; nothing flows below them.</summary>
    Last,
    /// <summary>All weights; gradients are projected to a low rank, layer by layer.</summary>
    Projected,
    /// <summary>One forward pass at a time.</summary>
    Inference,
    /// <summary>The weights are loaded, no more.</summary>
    Load,
}

internal static class Methods
{
    /// <summary>The base is quantised, whether or not its format is said.</summary>
    public static bool IsQuantised(Job job) => job.QuantFormat is not null || job.QuantBits is not null || job.Method is "qlora" or "qdora" or "qoft";

    /// <summary>LLaMA-Factory's freeze_trainable_layers and LISA's lisa_activated_layers.</summary>
    public const int BlocksAtOnce = 2;

    /// <summary>Tokens of a sequence where nobody says: a prompt with its answer, or what fine-tuning scripts cut their examples to.</summary>
    public static int UsualLength(string? method) => Of(method) is MethodKind.Inference ? 256 : 1024;

    /// <summary>Trained tokens stand before each sequence and run through all of the model; those of prefix tuning are only keys and values.</summary>
    public static bool Prompts(string? method) => method is "prompt_tuning" or "p_tuning" or "multitask_prompt_tuning" or "cpt";

    /// <summary>Virtual tokens where nobody says: Lester et al. (arXiv 2104.08691), section 3.</summary>
    public const int UsualPrompt = 100;

    /// <summary>Sequences of an evaluation that is declared, but not how large (transformers.TrainingArguments, per_device_eval_batch_size).</summary>
    public const int UsualEvalBatch = 8;

    public static MethodKind Of(string? method) => method switch
    {
        // LOMO trains all weights; its gradients are used up in backward (arXiv 2306.09782).
        null or "full" or "pretrain" or "osf" or "lomo" or "adalomo" => MethodKind.Full,
        "inference" => MethodKind.Inference,
        "load" => MethodKind.Load,
        "badam" or "lisa" or "llamapro" => MethodKind.Blockwise,
        "freeze" => MethodKind.Last,
        "galore" or "pretrain-galore" or "qgalore" or "apollo" or "pretrain-apollo" => MethodKind.Projected,
        "prompt_tuning" or "prefix_tuning" or "p_tuning" or "multitask_prompt_tuning" or "cpt" or "trainable_tokens" or "ln_tuning" or "bitfit"
            or "ia3" or "beft" or "reft" or "adapter" => MethodKind.Sparse,
        _ => MethodKind.Adapter,
    };

    /// <summary>
    /// Adapters whose matrices are shared by all blocks, or which train a few numbers between frozen ones: VeRA (arXiv 2310.11454), VB-LoRA (2405.15179),
    /// FourierFT (2405.03003) and their kin. PEFT's published runs of Llama-3.2-3B say so: 0.06 to 18 million trained numbers, whatever the rank.
    /// </summary>
    public static bool TrainsFewNumbers(string? method) =>
        method is "vera" or "pvera" or "vblora" or "randlora" or "lily" or "psoft" or "fourierft" or "waveft" or "c3a" or "adamss" or "road";
}
