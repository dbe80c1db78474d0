namespace GpuWatch.Core.Allocator;

/// <summary>Starting where a recording starts: in the middle of a life.</summary>
public sealed partial class CachingAllocator
{
    /// <summary>Takes over a segment as it was found.</summary>
    /// <param name="address">Where it lies; what is reserved later lies behind all adopted ones.</param>
    /// <param name="sizes">Bytes of its blocks, one after the other; negative = the block is free.</param>
    /// <param name="adopted">What <see cref="Free"/> takes, for each block that is not free, in order.</param>
    public void Adopt(long address, bool isSmall, ReadOnlySpan<long> sizes, List<int> adopted)
    {
        ArgumentNullException.ThrowIfNull(adopted);
        var (before, at) = (-1, address);
        foreach (var signed in sizes)
        {
            var size = Math.Abs(signed);
            var block = New(at, size, before, -1, isSmall);
            if (before >= 0)
            {
                blocks[before].After = block;
            }
            (before, at) = (block, at + size);
            if (signed < 0)
            {
                PutIn(isSmall ? small : large, block);
                continue;
            }
            Allocated += size;
            adopted.Add(block);
        }
        nextAddress = Math.Max(nextAddress, at);
        Hold(at - address);
        PeakAllocated = Math.Max(PeakAllocated, Allocated);
    }
}
