using System.Globalization;

namespace GpuWatch.Core.Jobs;

/// <summary>What data parallelism divides among its ranks (Rajbhandari et al. 2020, "ZeRO", section 3; FSDP's strategies do the same).</summary>
public enum ShardedState
{
    /// <summary>Nothing: plain replicas (DDP), or a single GPU.</summary>
    None,
    /// <summary>ZeRO-1.</summary>
    Optimizer,
    /// <summary>ZeRO-2, FSDP SHARD_GRAD_OP.</summary>
    OptimizerAndGradients,
    /// <summary>ZeRO-3, FSDP FULL_SHARD.</summary>
    All,
}

/// <summary>How a job is divided among its GPUs.</summary>
/// <param name="DataParallel">Ranks that share the sharded state; null = what is left of the job's GPUs.</param>
/// <param name="LayerSplit">Layers are laid out one GPU after the other (device_map).</param>
/// <param name="Fsdp">The sharding is PyTorch's FSDP, not DeepSpeed's ZeRO.</param>
public readonly record struct Sharding(
    ShardedState State,
    int? DataParallel,
    int Tensor,
    int Pipeline,
    int Context,
    int Sequence,
    bool LayerSplit,
    bool Fsdp,
    bool Ddp)
{
    internal const string Expects = "none, ddp, zero1, zero2, zero3, fsdp-full, fsdp-shard_grad_op, device_map or degrees such as fsdp8-tp8-pp8";

    private static readonly Sharding Single = new(ShardedState.None, null, 1, 1, 1, 1, false, false, false);

    /// <summary>The job with its GPUs, where only its degrees say them: 512 of "fsdp8-tp8-pp8".</summary>
    public static Job Counted(Job job)
    {
        if (job.NumGpus is not null || job.Parallelism is not { } text || Parse(text) is not { } sharding)
        {
            return job;
        }
        var degrees = (long)(sharding.DataParallel ?? 1) * sharding.Tensor * sharding.Pipeline * sharding.Context * sharding.Sequence;
        return degrees is > 1 and < int.MaxValue ? job with { NumGpus = (int)degrees } : job;
    }

    /// <summary>How this job is divided; data-parallel ranks are what the other degrees leave of its GPUs.</summary>
    public static Sharding Of(Job job)
    {
        var gpus = job.NumGpus ?? 1;
        var parsed = (job.Parallelism is { } text ? Parse(text) : null) ?? Single with { Ddp = gpus > 1 };
        var others = parsed.Tensor * parsed.Pipeline * parsed.Context * parsed.Sequence;
        return parsed.LayerSplit
            ? parsed with { DataParallel = 1, Pipeline = Math.Max(parsed.Pipeline, gpus) }
            : parsed with { DataParallel = parsed.DataParallel ?? Math.Max(1, gpus / others) };
    }

    /// <summary>Reads words with their degrees, a remark in brackets passed over: "zero3", "tp8pp1", "fsdp4-tp8-pp8-cp2", "fsdp2-full".</summary>
    /// <returns>Null when the text names no way of dividing a job.</returns>
    public static Sharding? Parse(string text)
    {
        var sharding = Single;
        var bracket = text.IndexOf('(');
        var rest = (bracket < 0 ? text : text[..bracket]).ToLowerInvariant().AsSpan().Trim();
        while (rest.Length > 0)
        {
            var letters = rest.IndexOfAnyInRange('0', '9') is var digit and >= 0 ? digit : rest.Length;
            letters = rest[..letters].IndexOfAny("-,+ ") is var dash and >= 0 ? dash : letters;
            var end = rest[letters..].IndexOfAnyExceptInRange('0', '9') is var after and >= 0 ? letters + after : rest.Length;
            int? degree = int.TryParse(rest[letters..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
            if (Apply(sharding, rest[..letters].ToString(), degree) is not { } next)
            {
                return null;
            }
            sharding = next;
            rest = rest[end..].TrimStart("-,+ ");
        }
        return WithoutVersion(sharding);
    }

    /// <summary>PyTorch has two implementations of FSDP: beside no other degree, the 2 of "fsdp2" says which, and in "fsdp2-cp4" how many ranks.</summary>
    private static Sharding WithoutVersion(Sharding sharding) =>
        sharding is { Fsdp: true, DataParallel: 1 or 2, Tensor: 1, Pipeline: 1, Context: 1, Sequence: 1 } ? sharding with { DataParallel = null } : sharding;

    private static Sharding? Apply(Sharding sharding, string word, int? degree) => word switch
    {
        "zero" => degree is >= 0 and <= 3 ? sharding with { State = (ShardedState)degree } : null,
        _ when degree is 0 => null,
        "none" or "no" or "single" or "megatron" => sharding,
        "ddp" or "dp" => sharding with { Ddp = true, DataParallel = degree },
        "fsdp" => sharding with { State = ShardedState.All, Fsdp = true, DataParallel = degree },
        "full" or "full_shard" => sharding with { State = ShardedState.All },
        "shard_grad_op" => sharding with { State = ShardedState.OptimizerAndGradients },
        "tp" => sharding with { Tensor = degree ?? 1 },
        "pp" => sharding with { Pipeline = degree ?? 1 },
        "cp" => sharding with { Context = degree ?? 1 },
        "sp" => sharding with { Sequence = degree ?? 1 },
        "device_map" or "layers" => sharding with { LayerSplit = true },
        "split" => sharding with { LayerSplit = true, Pipeline = degree ?? 1 },
        _ => null,
    };
}
