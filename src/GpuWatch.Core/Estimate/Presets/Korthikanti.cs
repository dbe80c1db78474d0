namespace GpuWatch.Core.Estimate.Presets;

/// <summary>Activations of a GPT block by Korthikanti et al., on top of 18 bytes a parameter.</summary>
internal static class Korthikanti
{
    public static Preset Formula { get; } = new(
        "korthikanti",
        "18 B a parameter + length · batch · hidden · layers · (34 + 5 · heads · length ÷ hidden); 34 with flash or selective, 2 with full recomputation",
        "Korthikanti et al. 2022 (arXiv 2205.05198), table 2; states as Megatron-LM counts them",
        "exact for a GPT block with dropout in 16 bits; a Llama block keeps 1.3 to 1.9 times as much",
        false,
        input => input.TokenWidths is { } tokenWidths && input is { Heads: { } heads, Hidden: { } hidden, SeqLen: { } length, Method: MethodClass.Full }
            ? PresetAnswer.Of(
                PresetPart.Of("states", 18 * input.Parameters),
                PresetPart.Of("activations", tokenWidths * BytesPerTokenWidth(input, heads, length, hidden)))
            : PresetAnswer.None("covers full training with micro_batch, seq_len, hidden, layers and heads"));

    private static double BytesPerTokenWidth(PresetInput input, int heads, int length, int hidden) => input.Checkpointing switch
    {
        "full" => 2,
        "selective" => 34,
        _ => input.LongAttention ? 34 + 5.0 * heads * length / hidden : 34,
    };
}
