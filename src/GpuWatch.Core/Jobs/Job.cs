using System.Collections.Immutable;

namespace GpuWatch.Core.Jobs;

/// <summary>
/// What is being trained, in the vocabulary of CONTRACTS 3. Null = unknown; the estimator assumes, and lists what it assumed.
/// Words are in their canonical spelling (<see cref="JobWords"/>), whatever the spelling they were read from.
/// </summary>
public sealed record Job
{
    /// <summary>Row id in a batch; null for a single job.</summary>
    public string? Id { get; init; }
    public string? ModelName { get; init; }
    public string? HfId { get; init; }
    /// <summary>Architecture given explicitly; a member that is given wins over the catalogue.</summary>
    public Architecture Architecture { get; init; } = new();
    /// <summary>full, pretrain, lora, qlora, inference, load, … : <see cref="JobWords.Methods"/>.</summary>
    public string? Method { get; init; }
    public int? LoraRank { get; init; }
    /// <summary>As given: "all-linear", "q,v", "q_proj,v_proj", "W_pack", …</summary>
    public string? LoraTargets { get; init; }
    /// <summary>0 ≤ dropout &lt; 1.</summary>
    public double? LoraDropout { get; init; }
    public string? LoraDtype { get; init; }
    /// <summary>8, 4 or 2 bits of the frozen base weights; null = not quantised, or unknown.</summary>
    public int? QuantBits { get; init; }
    /// <summary>nf4, nf4-dq, fp4, gptq, awq, aqlm, int8: from a weight_dtype such as "nf4+bf16"; null = not said.</summary>
    public string? QuantFormat { get; init; }
    /// <summary>How the model's own files say their weights are quantised, as weight_dtype writes it; null = they do not.</summary>
    public string? StoredAs { get; init; }
    /// <summary>What is to be told of the model's own files: parts that are not counted, types that are not known.</summary>
    public ImmutableArray<string> ModelRemarks { get; init; }
    /// <summary>fp32, bf16 or fp16: of the weights, or of what is not quantised of them.</summary>
    public string? WeightDtype { get; init; }
    public bool? Amp { get; init; }
    public bool? MasterWeights { get; init; }
    /// <summary>adamw_torch, adamw_fused, adamw_8bit, … : <see cref="JobWords.Optimizers"/>.</summary>
    public string? Optimizer { get; init; }
    /// <summary>none, full or selective.</summary>
    public string? GradCheckpointing { get; init; }
    /// <summary>
    /// <see cref="GradCheckpointing"/>, or what trainers do when nobody says: full for qlora and its kin, since PEFT's prepare_model_for_kbit_training has
    /// use_gradient_checkpointing=True (peft/utils/other.py), else none.
    /// </summary>
    public string Checkpointing => GradCheckpointing ?? (Method is "qlora" or "qdora" or "qoft" ? "full" : "none");
    /// <summary>eager, sdpa or flash.</summary>
    public string? Attention { get; init; }
    public bool? FusedCe { get; init; }
    /// <summary>hf, hf_trainer (as hf, and the logits stay until backward has left the loss), hf2025, fused, chunked (whole logits, upcast piece by piece) or classification (a few classes instead of a vocabulary).</summary>
    public string? CrossEntropy { get; init; }
    public int? MicroBatch { get; init; }
    public int? SeqLen { get; init; }
    /// <summary>Yes: every sequence has seq_len tokens, by packing or by padding. No: seq_len is only their upper bound.</summary>
    public bool? Packing { get; init; }
    public int? GradAccum { get; init; }
    /// <summary>Sequences in one forward pass of evaluation (transformers: per_device_eval_batch_size); null = it is not said whether the job evaluates.</summary>
    public int? EvalBatch { get; init; }
    /// <summary>Batches of an evaluation whose logits stay on the GPU (transformers: eval_accumulation_steps, where metrics are computed); null = none.</summary>
    public int? EvalKept { get; init; }
    /// <summary>Tokens that prompt tuning puts before each sequence; null = unknown.</summary>
    public int? VirtualTokens { get; init; }
    public int? NumGpus { get; init; }
    /// <summary>As given; <see cref="Sharding.Of"/> reads it.</summary>
    public string? Parallelism { get; init; }
    /// <summary>none, or of optimizer, params, activations those that live in host memory, joined by commas in that order.</summary>
    public string? Offload { get; init; }
    public string? GpuName { get; init; }
    /// <summary>As cards are sold: 24, 40, 80; in units of 2^30 bytes.</summary>
    public double? GpuMemGb { get; init; }
    /// <summary>torch_max_allocated, torch_max_reserved, nvidia_smi, nvml or unknown.</summary>
    public string? Metric { get; init; }
}
