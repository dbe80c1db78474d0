using System.Numerics;

namespace GpuWatch.Core.Allocator;

/// <summary>The sizes PyTorch's caching allocator rounds to (c10/cuda/CUDACachingAllocator.cpp, kMinBlockSize to kRoundLarge).</summary>
internal static class Granularity
{
    /// <summary>Every block is a multiple of it.</summary>
    public const long Block = 512;

    /// <summary>Requests up to here come from the small pool.</summary>
    public const long LargestSmall = 1L << 20;

    public const long SmallSegment = 2L << 20;
    public const long LargeSegment = 20L << 20;

    /// <summary>Requests from here on get a segment of their own size.</summary>
    public const long OwnSegment = 10L << 20;

    private const long OwnRounding = 2L << 20;

    /// <param name="divisions">Steps between one power of two and the next, itself a power of two; null = requests are rounded to whole blocks.</param>
    public static long OfRequest(long size, int? divisions = null) =>
        divisions is > 1 and var steps && size > Block * steps
            ? Up(size, (1L << BitOperations.Log2((ulong)size)) / steps)
            : Up(Math.Max(size, Block), Block);

    /// <summary>Bytes asked of CUDA for a block of a rounded size.</summary>
    public static long OfSegment(long size) => size switch
    {
        <= LargestSmall => SmallSegment,
        < OwnSegment => LargeSegment,
        _ => Up(size, OwnRounding),
    };

    public static long Up(long size, long multiple) => (size + multiple - 1) / multiple * multiple;
}
