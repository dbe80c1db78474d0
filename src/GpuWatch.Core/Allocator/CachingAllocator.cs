namespace GpuWatch.Core.Allocator;

/// <summary>
/// PyTorch's CUDACachingAllocator on one stream, with sizes instead of memory: what it reserves from CUDA for a sequence of requests, and where
/// it puts each (c10/cuda/CUDACachingAllocator.cpp: round_size, get_free_block, should_split, try_merge_blocks, release_cached_blocks).
/// A request allocates nothing once the arrays have grown. Not thread-safe.
/// </summary>
public sealed partial class CachingAllocator : IAllocator
{
    private readonly FreeBlocks small = new(), large = new();
    private Block[] blocks = new Block[256];
    private int[] unused = new int[64];
    private int unusedCount, blockCount;
    private long nextAddress;

    /// <summary>A stretch of a segment; neighbours are the stretches beside it in the same segment.</summary>
    private struct Block
    {
        public long Address, Size;
        public int Before, After;
        /// <summary>Position among the free blocks of its pool; -1 = it is not free.</summary>
        public int Place;
        public bool Small;

        public readonly bool Free => Place >= 0;
    }

    public CachingAllocator(AllocatorSettings settings = default) => Clear(settings);

    public AllocatorSettings Settings { get; private set; }

    /// <summary>Bytes handed out, each request rounded up to 512.</summary>
    public long Allocated { get; private set; }

    /// <summary>Bytes held from CUDA.</summary>
    public long Reserved { get; private set; }

    /// <summary>The most <see cref="Allocated"/> has been since <see cref="ResetPeaks"/>.</summary>
    public long PeakAllocated { get; private set; }

    /// <summary>The most <see cref="Reserved"/> has been since <see cref="ResetPeaks"/>.</summary>
    public long PeakReserved { get; private set; }

    /// <summary>Times all free segments were given back because CUDA had no more (num_alloc_retries).</summary>
    public int Retries { get; private set; }

    /// <summary>Requests that found no place even so: where PyTorch would have raised an OutOfMemoryError.</summary>
    public int Failures { get; private set; }

    /// <summary>Starts anew: nothing allocated, nothing reserved.</summary>
    public void Clear(AllocatorSettings settings = default)
    {
        small.Clear();
        large.Clear();
        (blockCount, unusedCount, nextAddress, smallEnd, largeEnd) = (0, 0, 0, -1, -1);
        (Settings, Allocated, Reserved, Retries, Failures) = (settings, 0, 0, 0, 0);
        ResetPeaks();
    }

    /// <summary>From now on CUDA has more or less for it, since others came or went; what is reserved already stays.</summary>
    public void Resize(long? capacity) => Settings = Settings with { Capacity = capacity };

    public void ResetPeaks() => (PeakAllocated, PeakReserved) = (Allocated, Reserved);

    /// <summary>Allocates at least one byte.</summary>
    /// <param name="block">What <see cref="Free"/> takes; undefined after a failure.</param>
    /// <returns>False = out of memory, even after every free segment was given back.</returns>
    public bool TryAllocate(long request, out int block)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request, 1);
        var size = Granularity.OfRequest(request, Settings.RoundupDivisions);
        var isSmall = size <= Granularity.LargestSmall;
        var pool = isSmall ? small : large;
        if (!TryFind(pool, size, out block) && !TryGrow(size, isSmall, out block))
        {
            Failures++;
            return false;
        }
        Take(pool, block, size);
        Allocated += blocks[block].Size;
        PeakAllocated = Math.Max(PeakAllocated, Allocated);
        return true;
    }

    /// <summary>Takes back what <see cref="TryAllocate"/> gave; the block may be reused, nothing goes back to CUDA.</summary>
    public void Free(int block)
    {
        ref var freed = ref blocks[block];
        if (freed.Free)
        {
            throw new InvalidOperationException("The block is free already.");
        }
        Allocated -= freed.Size;
        var pool = freed.Small ? small : large;
        var (before, after) = (freed.Before, freed.After);
        var place = after >= 0 && blocks[after].Free ? blocks[after].Place : -1;
        if (place >= 0)
        {
            Join(block, after);
        }
        if (before >= 0 && blocks[before].Free)
        {
            if (place >= 0)
            {
                TakeOut(pool, place);
            }
            Join(before, block);
            pool.Resize(blocks[before].Place, blocks[before].Size);
            return;
        }
        PutIn(pool, block, place);
    }

    /// <summary>Where a block lies: an address of its own order, not a real one.</summary>
    public long AddressOf(int block) => blocks[block].Address;

    /// <summary>Bytes of a block; they may be more than were asked for.</summary>
    public long SizeOf(int block) => blocks[block].Size;

    /// <summary>Gives every wholly free segment back to CUDA (torch.cuda.empty_cache).</summary>
    public void EmptyCache()
    {
        if (Settings.ExpandableSegments)
        {
            Shrink(small, ref smallEnd, Granularity.SmallSegment);
            Shrink(large, ref largeEnd, Granularity.LargeSegment);
            return;
        }
        Release(small);
        Release(large);
    }

    /// <summary>The best fit: the smallest free block that is large enough, the lowest address of several.</summary>
    private bool TryFind(FreeBlocks pool, long size, out int block)
    {
        var place = pool.BestFit(size);
        block = place < 0 ? -1 : pool[place];
        // Sizes of a TiB and more are alike to the pool.
        return block >= 0 && blocks[block].Size >= size && (Settings.MaxSplitSize is not { } most || Fits(size, blocks[block].Size, most));
    }

    /// <summary>Blocks too large to be cut are kept for requests as large, and not wasted on much smaller ones.</summary>
    private static bool Fits(long size, long found, long most) => size < most ? found < most : found < size + Granularity.LargeSegment;

    private bool TryGrow(long size, bool isSmall, out int block)
    {
        if (TryReserve(size, isSmall, out block))
        {
            return true;
        }
        Retries++;
        EmptyCache();
        return TryReserve(size, isSmall, out block);
    }

    /// <summary>A new segment, or one more piece of the one that grows.</summary>
    private bool TryReserve(long size, bool isSmall, out int block)
    {
        if (Settings.ExpandableSegments)
        {
            return TryExpand(size, isSmall, out block);
        }
        block = -1;
        var segment = Granularity.OfSegment(size);
        if (!HasRoom(segment))
        {
            return false;
        }
        block = New(nextAddress, segment, -1, -1, isSmall);
        nextAddress += segment;
        Hold(segment);
        return true;
    }

    private bool HasRoom(long bytes) => Settings.Capacity is not { } capacity || Reserved + bytes <= capacity;

    private void Hold(long bytes)
    {
        Reserved += bytes;
        PeakReserved = Math.Max(PeakReserved, Reserved);
    }

    /// <summary>
    /// Takes a block, free or new, and cuts what it has too much off its end: from 512 B on in the small pool and in growing segments, above 1 MiB in
    /// the large pool. The rest takes its place in the pool.
    /// </summary>
    private void Take(FreeBlocks pool, int block, long size)
    {
        var (address, whole, after, place) = (blocks[block].Address, blocks[block].Size, blocks[block].After, blocks[block].Place);
        var rest = whole - size;
        var isSmall = blocks[block].Small;
        var cut = isSmall || Settings.ExpandableSegments
            ? rest >= Granularity.Block
            : rest > Granularity.LargestSmall && (Settings.MaxSplitSize is not { } most || size < most);
        blocks[block].Place = -1;
        if (!cut)
        {
            if (place >= 0)
            {
                TakeOut(pool, place);
            }
            return;
        }
        var remainder = New(address + size, rest, block, after, isSmall);
        blocks[block].Size = size;
        blocks[block].After = remainder;
        if (after >= 0)
        {
            blocks[after].Before = remainder;
        }
        PutIn(pool, remainder, place);
    }

    /// <param name="place">Of a block that it replaces; -1 = of none.</param>
    private void PutIn(FreeBlocks pool, int block, int place = -1) => blocks[block].Place = pool.Put(blocks[block].Size, blocks[block].Address, block, place);

    private void TakeOut(FreeBlocks pool, int place)
    {
        var moved = pool.RemoveAt(place);
        if (moved >= 0)
        {
            blocks[moved].Place = place;
        }
    }

    /// <summary>A block and the one behind it become one.</summary>
    private void Join(int block, int after)
    {
        blocks[block].Size += blocks[after].Size;
        var next = blocks[after].After;
        blocks[block].After = next;
        smallEnd = smallEnd == after ? block : smallEnd;
        largeEnd = largeEnd == after ? block : largeEnd;
        if (next >= 0)
        {
            blocks[next].Before = block;
        }
        Forget(after);
    }

    private void Release(FreeBlocks pool)
    {
        for (var position = pool.Count - 1; position >= 0; position--)
        {
            var block = pool[position];
            if (blocks[block] is { Before: < 0, After: < 0, Size: var size })
            {
                TakeOut(pool, position);
                Reserved -= size;
                Forget(block);
            }
        }
    }

    private int New(long address, long size, int before, int after, bool isSmall)
    {
        var index = unusedCount > 0 ? unused[--unusedCount] : blockCount++;
        if (index == blocks.Length)
        {
            Array.Resize(ref blocks, index * 2);
        }
        blocks[index] = new Block { Address = address, Size = size, Before = before, After = after, Place = -1, Small = isSmall };
        return index;
    }

    private void Forget(int block)
    {
        if (unusedCount == unused.Length)
        {
            Array.Resize(ref unused, unusedCount * 2);
        }
        blocks[block].Place = int.MaxValue;
        unused[unusedCount++] = block;
    }
}
