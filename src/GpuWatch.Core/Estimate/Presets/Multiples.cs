namespace GpuWatch.Core.Estimate.Presets;

/// <summary>Rules that multiply the number of parameters, or the size of the weights, by one number.</summary>
internal static class Multiples
{
    private const string Notes = "memory notes (founding document 3)";

    public static Preset Weights { get; } = new(
        "weights", "parameters × bytes of their precision (7B: 26.08 GiB fp32, 13.04 fp16, 6.52 int8, 3.26 int4)", Notes,
        "right for what it counts; NF4 with double quantisation is 0.516 B on linears and embeddings stay 16-bit", false,
        input => PresetAnswer.Of(PresetPart.Of("weights", WeightBytes(input))));

    public static Preset Inference { get; } = new(
        "inference-1.2x", "1.2 × weights", Notes, "ignores the KV cache: 2.1 GB a sequence for 7B at 4096 tokens", false,
        input => input.Method == MethodClass.Inference
            ? PresetAnswer.Of(PresetPart.Of("weights", WeightBytes(input)), PresetPart.Of("overhead", 0.2 * WeightBytes(input)))
            : PresetAnswer.None("covers inference only"));

    public static Preset Sixteen { get; } = Full(
        "16x", 16, Notes, "2 + 2 + 12 bytes with fp32 master weights; pure bf16 has 8, PyTorch's AMP 18, and activations are missing");

    public static Preset Twenty { get; } = Full(
        "20x", 20, Notes, "what DeepSpeed's ZeRO-2 needs on a single GPU; the guide's '7B at least 140 GB' is this one, not 16x");

    public static Preset AdamThree { get; } = new(
        "adam-3x", "weights × 3: weights and Adam's two states", "where memory really goes (founding document 1)",
        "leaves out gradients, activations, logits", false,
        input => input.Method == MethodClass.Full
            ? PresetAnswer.Of(PresetPart.Of("weights", WeightBytes(input)), PresetPart.Of("optimizer", 2 * WeightBytes(input)))
            : PresetAnswer.None("covers full fine-tuning only"));

    public static Preset Eighteen { get; } = Full(
        "hf-18", 18, "Hugging Face documentation, anatomy of a model's memory",
        "right for AMP over fp32 weights (6 + 8 + 4 bytes), without activations");

    private static Preset Full(string name, int bytes, string source, string remark) => new(
        name, $"{bytes} B a parameter", source, remark, false,
        input => input.Method == MethodClass.Full
            ? PresetAnswer.Of(PresetPart.Of("parameters", bytes * input.Parameters))
            : PresetAnswer.None("covers full fine-tuning only"));

    private static double WeightBytes(PresetInput input) =>
        input.Parameters * (input.QuantBits is { } bits ? bits / 8.0 : input.BytesPerParameter);
}
