namespace GpuWatch.Core.Estimate.Presets;

/// <summary>Model states under ZeRO: the paper's formulas and DeepSpeed's own estimators.</summary>
internal static class Zero
{
    private const string Paper = "Rajbhandari et al. 2020, ZeRO (arXiv 1910.02054), section 3";
    private const string DeepSpeed = "DeepSpeed, estimate_zero{2,3}_model_states_mem_needs";
    private const string StatesOnly = "model states only: no activations, logits or buffers";

    public static Preset PaperOne { get; } = OfPaper("zero-1", "2P + 2P + 12P ÷ N", (p, n) => 4 * p + 12 * p / n);
    public static Preset PaperTwo { get; } = OfPaper("zero-2", "2P + 14P ÷ N", (p, n) => 2 * p + 14 * p / n);
    public static Preset PaperThree { get; } = OfPaper("zero-3", "16P ÷ N", (p, n) => 16 * p / n);

    public static Preset DeepSpeedTwo { get; } = new(
        "deepspeed-zero2", "2P + 18P ÷ N; 2P with the optimizer in host memory", DeepSpeed, StatesOnly, true,
        input => Trained(input, input.OffloadsOptimizer
            ? 2 * input.Parameters
            : 2 * input.Parameters + 18 * input.Parameters / input.Gpus));

    public static Preset DeepSpeedThree { get; } = new(
        "deepspeed-zero3", "4 × largest layer + 18P ÷ N; 2P ÷ N instead of 18 with the optimizer in host memory, nothing with the parameters too",
        DeepSpeed, StatesOnly, true,
        input => Trained(input, 4 * input.LargestBlock + (input.OffloadsParameters ? 0 : input.OffloadsOptimizer ? 2 : 18) * input.Parameters / input.Gpus));

    /// <summary>The paper's figures for GPT-2 1.5B, quoted in the founding documents: 60 GB of activations, 8 GB recomputed, 6 GB of fp32 buffers.</summary>
    public static Preset WithActivations { get; } = new(
        "zero-activations",
        "16P + 12 · batch · length · hidden · layers · 2 B (8/60 of it with checkpointing) + 4P of buffers",
        Paper + ", quoted in memory notes (founding document 3)",
        "the paper's own rule for GPT-2 1.5B at 32 × 1024 tokens; logits and attention scores are missing",
        false,
        input => input.TokenWidths is { } tokenWidths && input.Method == MethodClass.Full
            ? PresetAnswer.Of(
                PresetPart.Of("states", 16 * input.Parameters),
                PresetPart.Of("activations", 24 * tokenWidths * (input.Checkpointing == "none" ? 1 : 8.0 / 60)),
                PresetPart.Of("buffers", 4 * input.Parameters))
            : PresetAnswer.None("covers full training with micro_batch, seq_len, hidden and layers"));

    private static Preset OfPaper(string name, string says, Func<double, int, double> bytes) => new(
        name, says, Paper, StatesOnly, true, input => Trained(input, bytes(input.Parameters, input.Gpus)));

    private static PresetAnswer Trained(PresetInput input, double bytes) =>
        input.Method == MethodClass.Full
            ? PresetAnswer.Of(PresetPart.Of("states", bytes))
            : PresetAnswer.None("covers full training only");
}
