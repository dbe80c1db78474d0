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
            // What PyTorch did not cut off behind it, since it was at most 1 MiB, is taken for a free block: nothing fits there either, and it comes back with it.
            var size = block.Size ?? Granularity.OfRequest(block.Requested, settings.RoundupDivisions);
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

    private static void Free(List<long> sizes, long gap)
    {
        if (gap > 0)
        {
            sizes.Add(-gap);
        }
    }
}
