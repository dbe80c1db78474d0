namespace GpuWatch.Core.Estimate.Presets;

/// <summary>LLaMA-Factory's table of hardware requirements: the edition the founding documents quote, and the rule its README has now.</summary>
internal static class LlamaFactory
{
    private static readonly double[] Sizes = [7, 13, 30, 70, 110];

    /// <summary>GB by 7B, 13B, 30B, 70B, 110B, 8x7B, 8x22B.</summary>
    internal static readonly (string Method, string Bits, int[] Gb)[] Table =
    [
        ("Full", "AMP", [120, 240, 600, 1200, 2000, 900, 2400]),
        ("Full", "16", [60, 120, 300, 600, 900, 400, 1200]),
        ("Freeze", "16", [20, 40, 80, 200, 360, 160, 400]),
        ("LoRA/GaLore/BAdam", "16", [16, 32, 64, 160, 240, 120, 320]),
        ("QLoRA", "8", [10, 20, 40, 80, 140, 60, 160]),
        ("QLoRA", "4", [6, 12, 24, 48, 72, 30, 96]),
        ("QLoRA", "2", [4, 8, 16, 24, 48, 18, 48]),
    ];

    public static Preset ByTable { get; } = new(
        "llama-factory-table",
        "a table of 7 methods × 7 sizes; the size nearest by name, between sizes in proportion",
        "LLaMA-Factory README of 2024, quoted in memory notes (founding document 3)",
        "no batch, no length; 25 % median error on full fine-tuning, about half of the truth on LoRA and a quarter on QLoRA",
        false,
        input => Row(input) is { } row
            ? PresetAnswer.Of(PresetPart.Of("table", 1e9 * Lookup(Table[row].Gb, input)))
            : PresetAnswer.None("has no row for inference"));

    public static Preset ByRule { get; } = new(
        "llama-factory",
        "GB for each 1e9 parameters: 18 full AMP, 8 full 16-bit, 2 freeze/LoRA/GaLore/BAdam, 1 QLoRA 8-bit, 0.5 4-bit, 0.25 2-bit",
        "LLaMA-Factory README of 2026",
        "no batch, no length; see llama-factory-table",
        false,
        input => Row(input) is { } row
            ? PresetAnswer.Of(PresetPart.Of("parameters", input.Parameters * (row switch { 0 => 18, 1 => 8, 2 or 3 => 2, 4 => 1, 5 => 0.5, _ => 0.25 })))
            : PresetAnswer.None("has no row for inference"));

    private static int? Row(PresetInput input) => (input.Method, input.QuantBits) switch
    {
        (MethodClass.Inference, _) => null,
        (MethodClass.Full, _) => input.Amp ? 0 : 1,
        (MethodClass.Freeze, _) => 2,
        (_, 8) => 4,
        (_, 2) => 6,
        (MethodClass.Qlora, _) or (_, 4) => 5,
        _ => 3,
    };

    private static double Lookup(int[] row, PresetInput input)
    {
        var size = input.Parameters / 1e9;
        if (input.IsMixture)
        {
            return size < 80 ? row[5] * Near(size / 46.7) : row[6] * Near(size / 140.6);
        }
        var above = Array.FindIndex(Sizes, column => column >= size);
        for (var i = 0; i < Sizes.Length; i++)
        {
            if (Near(size / Sizes[i]) == 1)
            {
                return row[i];
            }
        }
        return above switch
        {
            0 => row[0] * size / Sizes[0],
            -1 => row[4] * size / Sizes[4],
            _ => row[above - 1] + (row[above] - row[above - 1]) * (size - Sizes[above - 1]) / (Sizes[above] - Sizes[above - 1]),
        };
    }

    /// <summary>A model is called by a round size: within 15 % of a column it is that column's.</summary>
    private static double Near(double ratio) => Math.Abs(ratio - 1) < 0.15 ? 1 : ratio;
}
