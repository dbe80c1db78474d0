namespace GpuWatch.Core.Estimate;

/// <summary>What a profile may turn: the few numbers of the estimate that no derivation gives.</summary>
public enum Knob
{
    /// <summary>Logits, where the trainer does not say how its loss is computed.</summary>
    Logits,
    /// <summary>What goes into bitsandbytes' 4-bit layers and stays for backward without checkpointing, as a multiple of one fp32 copy; newer versions keep nothing.</summary>
    KbitWidening,
    /// <summary>Units gathered by FSDP or ZeRO-3, and gradients waiting to be reduced.</summary>
    Gathered,
    /// <summary>Everything that is not weights, states or gathered.</summary>
    Activations,
    /// <summary>The allocator's cache, as a multiple of what a replay of the steps leaves in it.</summary>
    Cache,
    /// <summary>The same where steps differ in length.</summary>
    CacheVarying,
    /// <summary>Its share of gradients, temporaries and gathered units of a sharded job: they are freed late, on another stream.</summary>
    CacheSharded,
    /// <summary>All of these alike.</summary>
    Caches,
    /// <summary>CUDA context and libraries, as a multiple of the GPU generation's usual.</summary>
    Context,
    /// <summary>GiB beside the context where a job runs on several GPUs: NCCL's kernels, channels and buffers.</summary>
    Collectives,
}

/// <param name="Prior">What is assumed without data.</param>
/// <param name="Least">No data make it smaller.</param>
/// <param name="Most">No data make it larger.</param>
/// <param name="Spread">How far from the prior is nothing special: the scale of the regularisation.</param>
/// <param name="Shipped">Fitted for the profile that is shipped; the others wait for a user's own runs.</param>
public sealed record KnobRange(Knob Knob, string Name, double Prior, double Least, double Most, double Spread, bool Shipped = true);

public static class Knobs
{
    /// <summary>In the order of <see cref="Knob"/>.</summary>
    public static IReadOnlyList<KnobRange> All { get; } =
    [
        new(Knob.Logits, "logits", 1, 0.5, 1.3, 0.3),
        new(Knob.KbitWidening, "kbit_widening", 1, 0, 1.5, 0.3),
        new(Knob.Gathered, "gathered", 1, 0.3, 3, 0.5),
        new(Knob.Activations, "activations", 1, 0.5, 1.8, 0.2, Shipped: false),
        new(Knob.Cache, "cache", 1, 0, 3, 0.5),
        new(Knob.CacheVarying, "cache_varying", 1, 0, 3, 0.5),
        new(Knob.CacheSharded, "cache_sharded", 1, 0, 2, 0.5),
        new(Knob.Caches, "caches", 1, 0, 4, 0.5, Shipped: false),
        new(Knob.Context, "context", 1, 0.3, 3, 0.5),
        // 0.55 GiB became 2.00 at the first barrier of two GPUs (ml-engineering). Rings and trees have few neighbours however many ranks there are.
        new(Knob.Collectives, "collectives_gib", 1.45, 0, 3, 0.5),
    ];
}
