using System.Collections.Immutable;
using GpuWatch.Core.Allocator;

namespace GpuWatch.Core.Estimate;

/// <summary>What estimates are made with and leave behind: one a thread, so that an estimate allocates nothing but its result.</summary>
internal sealed class Scratch
{
    [ThreadStatic]
    private static Scratch? ofThread;

    public static Scratch OfThread => ofThread ??= new();

    public Tape.Tape Tape { get; } = new();

    public CachingAllocator Allocator { get; } = new();

    /// <summary>What was assumed, and what is warned of, until they are told.</summary>
    public ImmutableArray<string>.Builder Assumed { get; } = ImmutableArray.CreateBuilder<string>();

    public ImmutableArray<string>.Builder Warnings { get; } = ImmutableArray.CreateBuilder<string>();

    /// <summary>A step's, up to the optimizer and behind it.</summary>
    public Requests Step { get; } = new();

    /// <summary>The optimizer's.</summary>
    public Requests Stepping { get; } = new();
}
