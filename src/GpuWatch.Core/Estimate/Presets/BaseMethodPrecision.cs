namespace GpuWatch.Core.Estimate.Presets;

/// <summary>The calculator guide: base × method × precision × (1 + margin).</summary>
internal static class BaseMethodPrecision
{
    public static Preset Formula { get; } = new(
        "base-method-precision",
        "base (10 GB for each 1e9 parameters trained, 2 inferred) × method (full 1, LoRA 0.4, QLoRA 0.2) × precision (fp32 1, 16-bit 0.5) × 1.2",
        "calculator guide (founding document 4), which calls it LLaMA-Factory's; that project has no estimator",
        "low by 1.4 to 3 times for full fine-tuning; the guide itself leaves the precision out in half of its examples",
        false,
        input => Product(input, withPrecision: true, margin: 0.2));

    public static Preset WithoutPrecision { get; } = Formula with
    {
        Name = "base-method",
        Says = "base × method, as half of the guide's examples are worked out",
        Apply = input => Product(input, withPrecision: false, margin: 0),
    };

    private static PresetAnswer Product(PresetInput input, bool withPrecision, double margin)
    {
        var inference = input.Method == MethodClass.Inference;
        var baseBytes = input.Parameters * (inference ? 2 : 10);
        var method = input.Method switch
        {
            MethodClass.Lora or MethodClass.Freeze => 0.4,
            MethodClass.Qlora => 0.2,
            _ => 1,
        };
        // The base of inference is already that of 16-bit weights.
        var precision = !withPrecision ? 1 : input.BytesPerParameter / (inference ? 2.0 : 4.0);
        var needed = baseBytes * method * precision;
        return PresetAnswer.Of(PresetPart.Of("base × method × precision", needed), PresetPart.Of("margin", margin * needed));
    }
}
