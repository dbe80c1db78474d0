using System.Collections.Immutable;

namespace GpuWatch.Core.Estimate.Presets;

/// <summary>Every rule by name: those of the founding documents in their order, then those of others.</summary>
public static class AllPresets
{
    public static ImmutableArray<Preset> List { get; } =
    [
        FourPart.Formula,
        FourPart.FourTimes,
        FourPart.WithMargin,
        FourPart.Stated,
        Multiples.AdamThree,
        FixedDynamic.Formula,
        Multiples.Weights,
        Multiples.Inference,
        Multiples.Sixteen,
        Multiples.Twenty,
        Zero.WithActivations,
        LlamaFactory.ByTable,
        LlamaFactory.ByRule,
        BaseMethodPrecision.Formula,
        BaseMethodPrecision.WithoutPrecision,
        Zero.PaperOne,
        Zero.PaperTwo,
        Zero.PaperThree,
        Zero.DeepSpeedTwo,
        Zero.DeepSpeedThree,
        Multiples.Eighteen,
        Korthikanti.Formula,
    ];

    public static Preset? Find(string name) => List.FirstOrDefault(preset => preset.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
