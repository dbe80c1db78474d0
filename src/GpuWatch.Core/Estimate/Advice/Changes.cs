using System.Collections.Immutable;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Advice;

/// <summary>
/// The changes in the order the founding documents give: precision, smaller micro-batch with accumulation (and whatever makes evaluation smaller), checkpointing, fused loss,
/// 8-bit optimizer, LoRA, QLoRA, sharding or offload, and last a smaller model.
/// </summary>
internal static class Changes
{
    private const int SmallestSequence = 512;

    private static readonly Change GradientCheckpointing =
        new("gradient checkpointing", "every block is computed twice in forward", 1.0, Sacrifice.Nothing, Checkpointing);

    /// <summary>Weights cross the bus twice in each step beside the states.</summary>
    private static readonly Change AllInHostMemory =
        new("ZeRO-3 with parameters in host memory", "weights and states cross the bus in every step", 3.0, Sacrifice.Nothing, OffloadAll);

    public static ImmutableArray<Change> InOrder { get; } =
    [
        // Half the bytes to move and the tensor cores' rate; 0.6 is on the careful side of what fp32 to bf16 gives.
        new("precision", "small updates are rounded off; watch the loss", 0.6, Sacrifice.Nothing, Precision),
        new("smaller micro-batch", "less work at a time; the step stays the same by accumulation", 1.1, Sacrifice.Nothing, MicroBatch),
        new("smaller evaluation", "less work at a time in evaluation", 1.0, Sacrifice.Nothing, Evaluation),
        new("evaluation's logits in host memory", "logits cross the bus after each batch of evaluation", 1.0, Sacrifice.Nothing, EvaluatedLogits),
        GradientCheckpointing,
        new("flash attention", "nothing; the GPU must support it", 0.9, Sacrifice.Nothing, Flash),
        new("fused loss", "nothing; the library must support the model", 1.0, Sacrifice.Nothing, FusedLoss),
        new("8-bit optimizer", "the optimizer's states are rounded; hardly ever seen in the loss", 1.02, Sacrifice.Nothing, EightBitOptimizer),
        new("LoRA", "only adapters are trained", 1.0, Sacrifice.Method, Lora),
        new("QLoRA", "only adapters are trained, on 4-bit weights that are unpacked in every pass", 1.0, Sacrifice.Method, QLora),
        new("ZeRO-3 over the GPUs there are", "weights are gathered over the link for every block", 1.2, Sacrifice.Nothing, Shard),
        // The guides' own figure for states in host memory.
        new("optimizer in host memory", "states cross the bus in every step", 2.0, Sacrifice.Nothing, Offload),
        AllInHostMemory,
        new("shorter sequences", "longer examples are cut off", 1.0, Sacrifice.Substance, ShorterSequences),
        new("smaller model", "another model, with another quality", 1.0, Sacrifice.Substance, SmallerModel),
    ];

    /// <summary>What gives up nothing of the training and leaves the least on a GPU, whatever it costs in time.</summary>
    public static ImmutableArray<Change> Utmost { get; } = [GradientCheckpointing, AllInHostMemory];

    private static bool TrainsAll(Job job) => job.Method is null or "full" or "pretrain";

    private static Job? Precision(Job job) =>
        TrainsAll(job) && (job.WeightDtype == "fp32" || job.Amp == true || job.MasterWeights == true)
            ? job with { WeightDtype = "bf16", Amp = Off(job.Amp), MasterWeights = Sharding.Of(job) is { State: not ShardedState.None, Fsdp: false } ? false : Off(job.MasterWeights) }
            : null;

    /// <summary>What is on goes off; what nobody said stays unsaid.</summary>
    private static bool? Off(bool? setting) => setting == true ? false : setting;

    private static Job? MicroBatch(Job job)
    {
        if (job.MicroBatch is not > 1)
        {
            return null;
        }
        var half = job.MicroBatch.Value / 2;
        if (job.Method == "inference")
        {
            return job with { MicroBatch = half };
        }
        var accumulation = (int)Math.Ceiling((double)job.MicroBatch.Value * (job.GradAccum ?? 1) / half);
        return job with { MicroBatch = half, GradAccum = accumulation };
    }

    private static Job? Evaluation(Job job) => job.EvalBatch > 1 ? job with { EvalBatch = job.EvalBatch / 2 } : null;

    private static Job? EvaluatedLogits(Job job) => job.EvalKept > 1 ? job with { EvalKept = 1 } : null;

    private static Job? Checkpointing(Job job) =>
        job.Method == "inference" || job.Checkpointing == "full" ? null : job with { GradCheckpointing = "full" };

    private static Job? Flash(Job job) =>
        job.Attention is "eager" ? job with { Attention = "flash" } : null;

    private static Job? FusedLoss(Job job) =>
        job.Method == "inference" || job.FusedCe == true || job.CrossEntropy is "fused" or "classification"
            ? null
            : job with { FusedCe = true, CrossEntropy = job.CrossEntropy is null ? null : "fused" };

    private static Job? EightBitOptimizer(Job job) =>
        job.Method != "inference" && job.Optimizer is null or "adamw_torch" or "adamw_fused" or "paged_adamw_32bit"
            ? job with { Optimizer = "adamw_8bit" }
            : null;

    private static Job? Lora(Job job) =>
        TrainsAll(job) ? Adapted(job, "lora") : null;

    private static Job? QLora(Job job) =>
        TrainsAll(job) || job is { Method: "lora", QuantBits: null, QuantFormat: null }
            ? Adapted(job, "qlora") with { QuantBits = 4, QuantFormat = "nf4", GradCheckpointing = job.Checkpointing }
            : null;

    private static Job Adapted(Job job, string method) =>
        job with { Method = method, LoraRank = job.LoraRank ?? 16, WeightDtype = job.WeightDtype is "fp32" or null ? "bf16" : job.WeightDtype, MasterWeights = Off(job.MasterWeights) };

    private static Job? Shard(Job job) =>
        job.NumGpus > 1 && Sharding.Of(job) is { State: not ShardedState.All, LayerSplit: false }
            ? job with { Parallelism = "zero3" }
            : null;

    private static Job? Offload(Job job) =>
        job.Method != "inference" && job.Offload is null or "none" ? job with { Offload = "optimizer" } : null;

    /// <summary>DeepSpeed does not cut up weights that bitsandbytes has packed.</summary>
    private static Job? OffloadAll(Job job) =>
        job.Method == "inference" || Methods.IsQuantised(job) || job.Offload?.Contains("params", StringComparison.Ordinal) is true || Sharding.Of(job) is { Tensor: > 1 } or { Pipeline: > 1 } ? null
        : job with { Parallelism = "zero3", Offload = JobWords.Offload($"{job.Offload},optimizer,params") };

    private static Job? ShorterSequences(Job job) =>
        job.SeqLen >= 2 * SmallestSequence
            ? job with { SeqLen = job.SeqLen / 2 }
            : null;

    /// <summary>The largest model of the same family with at most 60 % of the parameters.</summary>
    private static Job? SmallerModel(Job job)
    {
        var (complete, known, _) = ModelShape.Complete(job);
        if (known is null || ParameterCount.Of(complete!.Architecture) is not { } count)
        {
            return null;
        }
        var smaller = Catalogue.All
            .Where(shape => Family(shape.Name!) == Family(known.Name!))
            .Select(shape => (shape, Size: ParameterCount.Of(shape)!.Value.Total))
            .Where(model => model.Size <= 0.6 * count.Total)
            .OrderByDescending(model => model.Size)
            .Select(model => model.shape)
            .FirstOrDefault();
        return smaller is null ? null : job with { ModelName = smaller.Name, HfId = null, Architecture = new() };
    }

    private static string Family(string name) => new(name.TakeWhile(char.IsAsciiLetter).ToArray());
}
