namespace GpuWatch.Core.Estimate.Presets;

/// <summary>The four-part guide: total = weights + gradients + optimizer + activations.</summary>
internal static class FourPart
{
    private const string Source = "four-part guide (founding document 0)";

    /// <summary>Its own example: Llama-7B at b = 1, s = 2048 keeps 10 GB, in proportion to batch, length, width and depth.</summary>
    private const double ActivationBytesPerTokenWidth = 10e9 / (1.0 * 2048 * 4096 * 32);

    /// <summary>Its own figure: gradient checkpointing keeps 30 %.</summary>
    private const double KeptByCheckpointing = 0.3;

    /// <summary>Its own figure: rank 32 trains 0.1 % of the model.</summary>
    private const double TrainableShareAtRank32 = 0.001;

    public static Preset Formula { get; } = new(
        "four-part",
        "weights + gradients (as weights) + optimizer (3 × weights) + activations (10 GB for 7B at 1 × 2048 tokens)",
        Source,
        "optimizer counts the gradient twice: 4 B a parameter in pure bf16, 8 or 12 in AMP; no logits, context or fragmentation",
        false,
        input => Sum(input, optimizerTimes: 3, margin: 0));

    public static Preset FourTimes { get; } = Formula with
    {
        Name = "four-part-4x",
        Says = "the same with the optimizer at 4 × weights, as the guide says elsewhere",
        Apply = input => Sum(input, optimizerTimes: 4, margin: 0),
    };

    public static Preset WithMargin { get; } = Formula with
    {
        Name = "four-part-margin",
        Says = "the four parts plus the guide's margin of 20 % (it says 20 to 30 %)",
        Apply = input => Sum(input, optimizerTimes: 3, margin: 0.2),
    };

    /// <summary>What the guide states for 7B without a formula.</summary>
    public static Preset Stated { get; } = new(
        "four-part-7b",
        "7B: LoRA 20 GB, QLoRA 16 GB, full 80 GB; 70B: full 700 GB",
        Source,
        "plausible at a small batch with checkpointing; 80 GB do not fit a card of 80, and an RTX 3090 has 24 GB, not 16",
        false,
        input => (input.Method, Math.Round(input.Parameters / 1e9)) switch
        {
            (MethodClass.Full, 7) => PresetAnswer.Of(PresetPart.Of("stated", 80e9)),
            (MethodClass.Full, 69 or 70) => PresetAnswer.Of(PresetPart.Of("stated", 700e9)),
            (MethodClass.Lora, 7) => PresetAnswer.Of(PresetPart.Of("stated", 20e9)),
            (MethodClass.Qlora, 7) => PresetAnswer.Of(PresetPart.Of("stated", 16e9)),
            _ => PresetAnswer.None("states full, LoRA and QLoRA for 7B and full for 70B only"),
        });

    private static PresetAnswer Sum(PresetInput input, double optimizerTimes, double margin)
    {
        if (input.TokenWidths is not { } tokenWidths)
        {
            return PresetAnswer.None("needs micro_batch, seq_len, hidden and layers");
        }
        var weights = input.Parameters * (input.Method == MethodClass.Qlora ? (input.QuantBits ?? 4) / 8.0 : input.BytesPerParameter);
        var trained = input.Parameters * input.BytesPerParameter * (input.Method switch
        {
            MethodClass.Inference => 0,
            MethodClass.Lora or MethodClass.Qlora => TrainableShareAtRank32 * input.LoraRank / 32,
            _ => 1,
        });
        var activations = input.Method == MethodClass.Inference ? 0
            : ActivationBytesPerTokenWidth * tokenWidths * (input.Checkpointing == "none" ? 1 : KeptByCheckpointing);
        var sum = weights + trained + optimizerTimes * trained + activations;
        return PresetAnswer.Of(
            PresetPart.Of("weights", weights),
            PresetPart.Of("gradients", trained),
            PresetPart.Of("optimizer", optimizerTimes * trained),
            PresetPart.Of("activations", activations),
            PresetPart.Of("margin", sum * margin));
    }
}
