namespace GpuWatch.Core.Estimate.Presets;

/// <summary>The resource guide: fixed memory (4 × weights) + dynamic memory (batch × length × width × depth × bytes).</summary>
internal static class FixedDynamic
{
    public static Preset Formula { get; } = new(
        "fixed-dynamic",
        "weights + gradients + optimizer (4 × weights: 8 B a parameter in 16 bits) + batch · length · hidden · layers · 2 B",
        "resource cost guide (founding document 2)",
        "the fixed part is right for pure bf16 AdamW and half of AMP; the dynamic part is exactly the checkpointed block inputs, logits are missing",
        false,
        input =>
        {
            if (input.Method != MethodClass.Full)
            {
                return PresetAnswer.None("covers full fine-tuning only");
            }
            if (input.TokenWidths is not { } tokenWidths)
            {
                return PresetAnswer.None("needs micro_batch, seq_len, hidden and layers");
            }
            var weights = input.Parameters * input.BytesPerParameter;
            return PresetAnswer.Of(
                PresetPart.Of("weights", weights),
                PresetPart.Of("gradients", weights),
                PresetPart.Of("optimizer", 2 * weights),
                PresetPart.Of("dynamic", tokenWidths * input.BytesPerParameter));
        });
}
