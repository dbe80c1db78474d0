namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>What happened in the allocator once.</summary>
/// <param name="Action">As it is written: lower-case letters and underscores.</param>
/// <param name="Address">Of the block or segment; 0 where there is none.</param>
/// <param name="Size">Bytes: those asked for of an allocation, a free and an oom, those held of a segment; null = the event has none.</param>
/// <param name="TimeUs">Microseconds since 1970; null before 2.2.</param>
/// <param name="DeviceFree">Bytes that CUDA had free when it ran out of memory; null = not told, or another event.</param>
/// <param name="Frame">Where in the program, if stacks were recorded.</param>
public readonly record struct TraceEvent(TraceAction Kind, string Action, long Address, long? Size, long Stream, long? TimeUs, long? DeviceFree, Frame? Frame);

public enum TraceAction
{
    /// <summary>A snapshot, a mark of the user, or what is newer than this program: it changes nothing.</summary>
    Other,
    Alloc,
    /// <summary>The tensor is gone; the block may still be waited for.</summary>
    FreeRequested,
    /// <summary>The block can be used again.</summary>
    FreeCompleted,
    SegmentAlloc,
    SegmentFree,
    SegmentMap,
    SegmentUnmap,
    Oom,
}
