namespace GpuWatch.Core.Jobs;

/// <summary>What is being trained, in the vocabulary of CONTRACTS 3. Null = unknown; the estimator assumes, and lists what it assumed.</summary>
public sealed record Job
{
    /// <summary>Row id in a batch; null for a single job.</summary>
    public string? Id { get; init; }
    public string? ModelName { get; init; }
    public string? HfId { get; init; }
    /// <summary>Architecture given explicitly; a member that is given wins over the catalogue.</summary>
    public Architecture Architecture { get; init; } = new();
    public string? Method { get; init; }
    public int? LoraRank { get; init; }
    public string? LoraTargets { get; init; }
    public double? LoraDropout { get; init; }
    public string? LoraDtype { get; init; }
    public int? QuantBits { get; init; }
    public string? WeightDtype { get; init; }
    public bool? Amp { get; init; }
    public bool? MasterWeights { get; init; }
    public string? Optimizer { get; init; }
    public string? GradCheckpointing { get; init; }
    public string? Attention { get; init; }
    public bool? FusedCe { get; init; }
    public string? CrossEntropy { get; init; }
    public int? MicroBatch { get; init; }
    public int? SeqLen { get; init; }
    public bool? Packing { get; init; }
    public int? GradAccum { get; init; }
    public int? NumGpus { get; init; }
    public string? Parallelism { get; init; }
    public string? Offload { get; init; }
    public string? GpuName { get; init; }
    public double? GpuMemGb { get; init; }
    public string? Metric { get; init; }
}
