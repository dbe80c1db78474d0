namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>What lay where when the ring begins: the state at the snapshot with every event undone, the latest first.</summary>
/// <param name="Live">By address; those pending are among them, since nobody can use their place.</param>
/// <param name="Segments">By address.</param>
/// <param name="Unmatched">Events that do not fit the others: a block allocated that is not there, or freed twice.</param>
internal sealed record TraceStart(List<LiveBlock> Live, List<Segment> Segments, int Unmatched)
{
    public static TraceStart Of(DeviceSnapshot device)
    {
        var live = new Dictionary<long, LiveBlock>();
        var segments = new Dictionary<(long, long), Segment>();
        foreach (var segment in device.Segments)
        {
            segments[(segment.Address, segment.Size)] = segment;
        }
        foreach (var block in device.Segments.SelectMany(segment => segment.Blocks).Where(block => block.State != BlockState.Free))
        {
            live[block.Address] = new(block.Address, block.Requested ?? block.Size, block.Size, block.Frame, block.State == BlockState.Pending);
        }
        var unmatched = 0;
        for (var at = device.Trace.Count - 1; at >= 0; at--)
        {
            unmatched += Undo(device.Trace[at], live, segments) ? 0 : 1;
        }
        return new([.. live.Values.OrderBy(block => block.Address)], [.. segments.Values.OrderBy(segment => segment.Address)], unmatched);
    }

    private static bool Undo(TraceEvent happened, Dictionary<long, LiveBlock> live, Dictionary<(long, long), Segment> segments)
    {
        var size = happened.Size ?? 0;
        switch (happened.Kind)
        {
            case TraceAction.Alloc:
                return live.Remove(happened.Address);
            case TraceAction.FreeCompleted:
                // Who asked for it may be older than the ring; then it was pending from the start.
                return live.TryAdd(happened.Address, new(happened.Address, size, null, null, true));
            case TraceAction.FreeRequested:
                var block = live.GetValueOrDefault(happened.Address) ?? new(happened.Address, size, null, null, true);
                live[happened.Address] = block with { IsPending = false };
                return block.IsPending;
            case TraceAction.SegmentAlloc:
                return segments.Remove((happened.Address, size));
            case TraceAction.SegmentFree:
                // Its pool is not told; who is small has the size of small ones.
                return segments.TryAdd((happened.Address, size), new(happened.Address, size, 0, 0, null, happened.Stream, size == Granularity.SmallSegment, false, (0, 0), []));
            default:
                return true;
        }
    }
}

/// <summary>A block that is not free.</summary>
/// <param name="Requested">Bytes that were asked for; those of the block where the snapshot does not tell.</param>
/// <param name="Size">Bytes of the block; null = not known, since it was freed before the snapshot.</param>
/// <param name="Frame">Where it was allocated, if known.</param>
/// <param name="IsPending">It was freed already, but waits for a stream.</param>
internal sealed record LiveBlock(long Address, long Requested, long? Size, Frame? Frame, bool IsPending);
