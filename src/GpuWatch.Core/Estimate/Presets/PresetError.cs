using System.Collections.Frozen;
using System.Collections.Immutable;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Presets;

/// <summary>How far a rule is from published measurements.</summary>
/// <param name="Rows">Measurements the rule covers.</param>
/// <param name="MedianApe">Median of |rule − truth| ÷ truth.</param>
/// <param name="MedianSigned">Median of (rule − truth) ÷ truth: below 0 it says too little.</param>
/// <param name="Within25">Share of the rows within 25 % of the truth.</param>
public sealed record PresetError(string Preset, int Rows, double? MedianApe, double? MedianSigned, double? Within25)
{
    /// <summary>As measured by `gpuwatch presets --measure` on the published measurements (preset_errors.csv, embedded).</summary>
    public static FrozenDictionary<string, PresetError> Known { get; } = Table.Read(typeof(PresetError), "preset_errors.csv")
        .Select(row => new PresetError(row["preset"], row.Count("rows") ?? 0, row.Number("median_ape"), row.Number("median_signed"), row.Number("within_25pc")))
        .ToFrozenDictionary(error => error.Preset);

    /// <summary>Holds every rule against measured peaks. A rule for the whole job is only held against jobs on one GPU.</summary>
    public static ImmutableArray<PresetError> Measure(IReadOnlyCollection<(Job Job, Bytes Peak)> measured)
    {
        var inputs = measured
            .Select(row => (PresetInput.Of(row.Job).Input, row.Peak))
            .Where(row => row.Input is not null)
            .ToArray();
        return [.. AllPresets.List.Select(preset => Of(preset, inputs!))];
    }

    private static PresetError Of(Preset preset, (PresetInput Input, Bytes Peak)[] rows)
    {
        var errors = new List<double>();
        foreach (var (input, peak) in rows)
        {
            if ((preset.PerGpu || input.Gpus == 1) && preset.Apply(input) is { NotCovered: null } answer)
            {
                errors.Add((answer.Total - peak) / peak);
            }
        }
        return errors.Count == 0
            ? new(preset.Name, 0, null, null, null)
            : new(
                preset.Name, errors.Count, Median(errors.Select(Math.Abs)), Median(errors),
                Math.Round(errors.Count(error => Math.Abs(error) <= 0.25) / (double)errors.Count, 3));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return Math.Round(sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, 3);
    }
}
