using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Cost;

/// <summary>What a person says about a training run beside the job.</summary>
/// <param name="Samples">Examples of the data set; one is one sequence.</param>
/// <param name="SecondsPerStep">Measured time of a step; null = from operations.</param>
/// <param name="Mfu">Model FLOPs utilisation: the share of the GPU's peak that reaches the model, 0–1.</param>
/// <param name="RetryFactor">How often the run is done over, on average; the resource guide recommends 2 to 3.</param>
/// <param name="PricePerGpuHour">Null = unknown.</param>
/// <param name="PriceSource">Where the price is from when nobody gave one.</param>
public sealed record CostQuestion(long Samples, double Epochs, double? SecondsPerStep, double Mfu, double RetryFactor, double? PricePerGpuHour, string? Currency = null, string? PriceSource = null);

/// <summary>Steps, time and money of a training run.</summary>
/// <param name="StepsPerEpoch">⌈samples ÷ (micro_batch · grad_accum · data-parallel ranks)⌉.</param>
/// <param name="FlopsPerStep">Operations of all GPUs in one step; null when the model is not known well enough.</param>
/// <param name="SecondsPerStep">As given, or from operations; null when neither is known.</param>
/// <param name="Seconds">Of all steps once, without retries.</param>
/// <param name="GpuHours">Of all GPUs, retries included. Money likewise.</param>
public sealed record TrainingCost(
    long StepsPerEpoch, long Steps, double? FlopsPerStep, double? SecondsPerStep, double? Seconds, double? GpuHours, double? Money)
{
    /// <remarks>Resource cost guide (founding document 2): cost = price × time; time = time of a step × steps × retries.</remarks>
    public static TrainingCost Of(Job job, CostQuestion question)
    {
        var sharding = Sharding.Of(job);
        var batch = (long)(job.MicroBatch ?? 1) * (job.GradAccum ?? 1) * (sharding.DataParallel ?? 1);
        var perEpoch = (question.Samples + batch - 1) / batch;
        var steps = (long)Math.Ceiling(perEpoch * question.Epochs);
        var flops = Flops.PerToken(job) * Flops.Length(job) * batch;
        var gpus = Math.Max(1, job.NumGpus ?? 1);
        var peak = job.GpuName is { } name ? Gpu.Find(name, job.GpuMemGb)?.Tflops(Precision(job)) * 1e12 : null;
        // Layers laid out by device_map wait for each other: one GPU works at a time.
        var working = sharding.LayerSplit ? 1 : gpus;
        var step = question.SecondsPerStep ?? flops / (working * peak * question.Mfu);
        var seconds = step * steps;
        var hours = seconds * question.RetryFactor * gpus / 3600;
        return new(perEpoch, steps, flops, step, seconds, hours, hours * question.PricePerGpuHour);
    }

    /// <summary>Autocast and 16-bit weights both compute in 16 bits.</summary>
    private static string Precision(Job job) => job is { WeightDtype: "fp32", Amp: not true } ? "fp32" : job.WeightDtype == "fp16" ? "fp16" : "bf16";
}
