using System.Globalization;

namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>
/// A PyTorch memory snapshot (torch.cuda.memory._snapshot, or the list of segments of memory_snapshot() before 2.0). What a version did not write
/// yet is null or empty.
/// </summary>
/// <param name="Devices">Those that hold a segment or have a trace, by number.</param>
public sealed record MemorySnapshot(IReadOnlyList<DeviceSnapshot> Devices, RecordedSettings Settings);

/// <summary>One GPU's share of it.</summary>
/// <param name="Trace">The latest events in order, as far as the ring kept them; empty = no history was recorded.</param>
public sealed record DeviceSnapshot(int Device, IReadOnlyList<Segment> Segments, IReadOnlyList<TraceEvent> Trace, IReadOnlyList<Annotation> Annotations);

/// <summary>A stretch of memory that the allocator holds from CUDA.</summary>
/// <param name="Size">Bytes (total_size).</param>
/// <param name="Allocated">Bytes of its blocks that are handed out.</param>
/// <param name="Active">Those, and what was freed but waits for a stream.</param>
/// <param name="Requested">Bytes that were asked for in its active blocks; null = the version does not tell.</param>
/// <param name="Pool">0, 0 = the usual pool; others belong to CUDA graphs and to torch.cuda.MemPool.</param>
public sealed record Segment(
    long Address, long Size, long Allocated, long Active, long? Requested, long Stream, bool IsSmall, bool IsExpandable, (long, long) Pool, IReadOnlyList<Block> Blocks);

/// <summary>A piece of a segment.</summary>
/// <param name="Requested">Bytes that were asked for; null = unknown.</param>
/// <param name="Frame">Where it was allocated, if stacks were recorded.</param>
public readonly record struct Block(long Address, long Size, long? Requested, BlockState State, Frame? Frame);

public enum BlockState
{
    Free,
    Allocated,
    /// <summary>Given back, but a stream may still use it.</summary>
    Pending,
}

/// <summary>A span of time that the program named, such as an optimizer's step; of 2.5 and later.</summary>
/// <param name="StartUs">Microseconds of the trace's clock.</param>
public sealed record Annotation(string Name, long StartUs, long EndUs);

/// <summary>A line of a program: where memory was asked for.</summary>
/// <param name="SourceFile">As the interpreter knew it; empty in compiled code that does not tell.</param>
/// <param name="Line">0 = unknown.</param>
public sealed record Frame(string SourceFile, long Line, string Function)
{
    /// <summary>"model.py:101 forward".</summary>
    public override string ToString() => SourceFile.Length == 0 ? Function : Line == 0 ? $"{SourceFile} {Function}" : string.Create(CultureInfo.InvariantCulture, $"{SourceFile}:{Line} {Function}");

    /// <summary>The file with its folder only, which tells a person more than the whole path.</summary>
    public string Short() => (this with { SourceFile = string.Join('/', SourceFile.Split('/').TakeLast(2)) }).ToString();
}
