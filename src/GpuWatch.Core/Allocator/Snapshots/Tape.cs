namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>
/// What a trace asks of the allocator, to be played with whatever settings. A block is only reused on its stream and in its pool, so each pair of
/// those has an allocator of its own.
/// </summary>
internal sealed class Tape
{
    private enum What : byte { Allocate, Free, EmptyCache }

    private readonly record struct Step(What What, int Pool, int Slot, long Size);

    private readonly List<Step> steps = [];
    private readonly Dictionary<((long, long) Pool, long Stream), int> pools = [];

    /// <summary>The pool of each block there ever is; those of the start are the first.</summary>
    private readonly List<int> slots = [];

    /// <summary>Bytes asked for in the blocks that are there from the start.</summary>
    private readonly long[] before;

    /// <summary>Null: only played from what is laid out anew.</summary>
    private readonly List<Adoption>? found;

    public Tape(DeviceSnapshot device, TraceStart start, AllocatorSettings recorded)
    {
        var (first, ever) = (new Homes(start.Segments), new Homes(device.Segments.Concat(start.Segments)));
        found = Adoption.Of(start, device, recorded);
        IsWhole = start is { Live.Count: 0, Segments.Count: 0 };
        before = [.. start.Live.Select(block => Math.Max(1, block.Requested))];
        var places = new Dictionary<long, int>();
        foreach (var segment in start.Segments)
        {
            Pool(segment.Pool, segment.Stream);
        }
        foreach (var block in start.Live)
        {
            var home = first.Of(block.Address);
            places[block.Address] = slots.Count;
            slots.Add(Pool(home?.Pool ?? default, home?.Stream ?? 0));
        }
        var wasGivenBack = false;
        foreach (var happened in device.Trace)
        {
            // Segments go back many at a time: one call of empty_cache, or one time that CUDA had no more.
            var isGivenBack = happened.Kind is TraceAction.SegmentFree or TraceAction.SegmentUnmap;
            if (isGivenBack && !wasGivenBack)
            {
                steps.Add(new(What.EmptyCache, 0, 0, 0));
            }
            wasGivenBack = isGivenBack;
            Add(happened, ever, places);
        }
    }

    /// <summary>The segments of the start are known block by block.</summary>
    public bool IsFoundAsRecorded => found is not null;

    /// <summary>Nothing was there before the trace began: it is a whole life.</summary>
    public bool IsWhole { get; }

    /// <summary>The most that is reserved while it is played.</summary>
    /// <param name="asFound">From the segments as they were when the trace began; else what lived then is laid out anew, in the order of addresses.</param>
    public long PeakReserved(AllocatorSettings settings, bool asFound)
    {
        var allocators = new CachingAllocator[Math.Max(1, pools.Count)];
        for (var pool = 0; pool < allocators.Length; pool++)
        {
            allocators[pool] = new CachingAllocator(settings);
        }
        var blocks = new int[slots.Count];
        Begin(allocators, blocks, asFound);
        var reserved = allocators.Sum(allocator => allocator.Reserved);
        var peak = reserved;
        foreach (var step in steps)
        {
            var allocator = allocators[step.Pool];
            switch (step.What)
            {
                case What.Allocate:
                    reserved -= allocator.Reserved;
                    allocator.TryAllocate(step.Size, out blocks[step.Slot]);
                    reserved += allocator.Reserved;
                    peak = Math.Max(peak, reserved);
                    break;
                case What.Free:
                    allocator.Free(blocks[step.Slot]);
                    break;
                default:
                    Array.ForEach(allocators, each => each.EmptyCache());
                    reserved = allocators.Sum(each => each.Reserved);
                    break;
            }
        }
        return peak;
    }

    private void Begin(CachingAllocator[] allocators, int[] blocks, bool asFound)
    {
        if (!asFound)
        {
            for (var slot = 0; slot < before.Length; slot++)
            {
                allocators[slots[slot]].TryAllocate(before[slot], out blocks[slot]);
            }
            return;
        }
        var adopted = new List<int>();
        foreach (var (segment, sizes) in found!)
        {
            allocators[Pool(segment.Pool, segment.Stream)].Adopt(segment.Address, segment.IsSmall, sizes, adopted);
        }
        adopted.CopyTo(blocks);
    }

    private void Add(TraceEvent happened, Homes homes, Dictionary<long, int> places)
    {
        if (happened is { Kind: TraceAction.Alloc, Size: > 0 and var size })
        {
            var pool = Pool(homes.Of(happened.Address)?.Pool ?? default, happened.Stream);
            places[happened.Address] = slots.Count;
            steps.Add(new(What.Allocate, pool, slots.Count, size));
            slots.Add(pool);
        }
        else if (happened.Kind == TraceAction.FreeCompleted && places.Remove(happened.Address, out var slot))
        {
            steps.Add(new(What.Free, slots[slot], slot, 0));
        }
    }

    private int Pool((long, long) pool, long stream)
    {
        if (!pools.TryGetValue((pool, stream), out var number))
        {
            number = pools.Count;
            pools.Add((pool, stream), number);
        }
        return number;
    }
}
