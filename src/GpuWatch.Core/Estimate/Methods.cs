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
    /// <summary>All weights in turn, a block or two at a time.</summary>
    Blockwise,
    /// <summary>All weights; gradients are projected to a low rank, layer by layer.</summary>
    Projected,
    /// <summary>One forward pass at a time.</summary>
    Inference,
    /// <summary>The weights are loaded, no more.</summary>
    Load,
}

internal static class Methods
{
    public static MethodKind Of(string? method) => method switch
    {
        null or "full" or "pretrain" or "osf" => MethodKind.Full,
        "inference" => MethodKind.Inference,
        "load" => MethodKind.Load,
        "badam" or "lisa" or "lomo" or "adalomo" or "llamapro" or "freeze" => MethodKind.Blockwise,
        "galore" or "pretrain-galore" or "qgalore" or "apollo" or "pretrain-apollo" => MethodKind.Projected,
        "prompt_tuning" or "prefix_tuning" or "p_tuning" or "multitask_prompt_tuning" or "cpt" or "trainable_tokens" or "ln_tuning" or "bitfit"
            or "ia3" or "beft" or "reft" or "adapter" => MethodKind.Sparse,
        _ => MethodKind.Adapter,
    };
}
