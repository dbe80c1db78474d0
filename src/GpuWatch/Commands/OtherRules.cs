using System.Globalization;
using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Jobs;
using MathNet.Numerics.Statistics;

namespace GpuWatch.Commands;

/// <summary>The accuracy report's part on everybody else: the presets on the same rows, and what public estimators were measured to err.</summary>
internal static class OtherRules
{
    /// <summary>Ran as published against 1,234 published measurements, of which ours are a part: rows, mean and median error in percent.</summary>
    private static readonly (string Name, int Rows, int Mape, int Median)[] Peers =
    [
        ("DeepSpeed estimate_zero2", 111, 134, 88), ("DeepSpeed estimate_zero3", 236, 74, 58), ("accelerate estimate-memory", 109, 50, 34),
        ("EleutherAI calc_transformer_mem", 240, 1853, 208), ("Megatron-LM theoretical_memory_usage", 240, 829, 182), ("gpu_poor", 437, 286, 137),
        ("LLM-Tools", 437, 134, 71), ("ftune", 862, 102, 33), ("llm_vlm_memory_estimator", 862, 140, 43), ("gpu-mem-calculator", 86, 115, 88),
        ("LLMGPUMemEstimator", 240, 37925, 678), ("llm-memory-calculator", 254, 51, 48), ("IBM fm-training-estimator", 437, 90, 54),
        ("LLaMA-Factory rule", 1062, 133, 67), ("Unsloth table", 397, 48, 49), ("HF docs, 18 B a parameter", 14, 35, 36),
    ];

    public static void Write(TextWriter to, List<MeasuredRow> rows)
    {
        to.WriteLine();
        to.WriteLine("## Rules of thumb on the same rows");
        to.WriteLine();
        to.WriteLine("Each preset on every row it covers, whatever the row measured; nothing is fitted.");
        to.WriteLine();
        to.WriteLine("| preset | rows | median error | bias |");
        to.WriteLine("|---|---:|---:|---:|");
        foreach (var preset in AllPresets.List)
        {
            var errors = rows.Where(row => row.Run is not null).Select(row => Error(preset, row)).OfType<double>().ToArray();
            if (errors.Length > 0)
            {
                to.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {preset.Name} | {errors.Length} | {errors.Select(Math.Abs).Median():P0} | {(errors.Median() > 0 ? "+" : "")}{errors.Median():P0} |"));
            }
        }
        to.WriteLine();
        to.WriteLine("## Public estimators, as measured by this project's founders");
        to.WriteLine();
        to.WriteLine("Run as published against 1,234 published measurements (the rows above are a part of them); rows differ from tool to tool by what it can answer.");
        to.WriteLine();
        to.WriteLine("| estimator | rows | mean error | median error |");
        to.WriteLine("|---|---:|---:|---:|");
        foreach (var (name, count, mape, median) in Peers)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {count} | {mape} % | {median} % |"));
        }
    }

    private static double? Error(Preset preset, MeasuredRow row)
    {
        if (EstimateFormula.Apply(preset, row.Job).Answer is not { } answer || answer.Total.Count <= 0)
        {
            return null;
        }
        var gpus = preset.PerGpu ? 1 : Math.Max(1, row.Job.NumGpus ?? 1);
        return (double)answer.Total.Count / gpus / row.Peak.Count - 1;
    }
}
