using System.Collections.Immutable;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Presets;

/// <summary>Somebody's rule of thumb under its own name: kept as it was published, right or wrong, to stand beside the plan.</summary>
/// <param name="Says">The rule in one line.</param>
/// <param name="Source">Who says so.</param>
/// <param name="Remark">Where it is right or wrong, as far as measurements tell.</param>
/// <param name="PerGpu">The answer is for each GPU; otherwise for the whole job.</param>
public sealed record Preset(string Name, string Says, string Source, string Remark, bool PerGpu, Func<PresetInput, PresetAnswer> Apply);

/// <summary>What a rule gives for a job, in its own parts; or why it gives nothing.</summary>
public sealed record PresetAnswer(ImmutableArray<PresetPart> Parts, string? NotCovered = null)
{
    public Bytes Total => new(Parts.Sum(part => part.Size.Count));

    internal static PresetAnswer Of(params ImmutableArray<PresetPart> parts) => new(parts);

    internal static PresetAnswer None(string reason) => new([], reason);
}

public readonly record struct PresetPart(string Name, Bytes Size)
{
    internal static PresetPart Of(string name, double bytes) => new(name, new Bytes((long)Math.Round(bytes)));
}
