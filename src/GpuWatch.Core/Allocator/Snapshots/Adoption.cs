namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>The segments a trace begins with, cut into blocks as the model of the allocator takes them over.</summary>
/// <param name="Sizes">Bytes of the blocks, one after the other; negative = free.</param>
internal sealed record Adoption(Segment Segment, long[] Sizes)
{
    /// <returns>Null: they cannot be known, since segments grow (expandable_segments) or the trace contradicts itself.</returns>
    public static List<Adoption>? Of(TraceStart start, DeviceSnapshot device, AllocatorSettings settings)
    {
        if (settings.ExpandableSegments || start.Segments.Any(segment => segment.IsExpandable)
            || device.Trace.Any(happened => happened.Kind is TraceAction.SegmentMap or TraceAction.SegmentUnmap))
        {
            return null;
        }
        var (adoptions, next) = (new List<Adoption>(), 0);
        foreach (var segment in start.Segments)
        {
            if (Cut(segment, start.Live, ref next, settings) is not { } sizes)
            {
                return null;
            }
            adoptions.Add(new(segment, sizes));
        }
        return next == start.Live.Count ? adoptions : null;
    }

    private static long[]? Cut(Segment segment, List<LiveBlock> live, ref int next, AllocatorSettings settings)
    {
        var (sizes, at, end) = (new List<long>(), segment.Address, segment.Address + segment.Size);
        for (; next < live.Count && live[next].Address < end; next++)
        {
            var block = live[next];
            var behind = next + 1 < live.Count ? Math.Min(end, live[next + 1].Address) : end;
            var size = block.Size ?? Whole(Granularity.OfRequest(block.Requested, settings.RoundupDivisions), behind - block.Address, segment.IsSmall);
            if (block.Address < at || block.Address + size > behind)
            {
                return null;
            }
            Free(sizes, block.Address - at);
            sizes.Add(size);
            at = block.Address + size;
        }
        Free(sizes, end - at);
        return [.. sizes];
    }

    /// <summary>What is left over behind a large block is cut off only above 1 MiB, so that a smaller gap is the block's own.</summary>
    private static long Whole(long size, long room, bool isSmall) => !isSmall && room > size && room - size <= Granularity.LargestSmall ? room : size;

    private static void Free(List<long> sizes, long gap)
    {
        if (gap > 0)
        {
            sizes.Add(-gap);
        }
    }
}
