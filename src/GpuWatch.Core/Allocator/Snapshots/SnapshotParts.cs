using System.Buffers;
using System.Globalization;
using GpuWatch.Core.Allocator.Pickle;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>Reads the parts of a snapshot, whose names changed little from version to version.</summary>
/// <param name="bytes">Of the file: each part takes at least one, and lists that are used again and again must not multiply them.</param>
internal sealed class SnapshotParts(string file, long bytes)
{
    private const int LongestAction = 32;
    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz_0123456789");

    private long parts;

    /// <summary>Sum of all sizes of blocks and events, so that no sum of some of them can overflow.</summary>
    private long sum;

    public ILookup<int, Segment> Segments(PickleList list) =>
        Each(list, "segments").Select(segment => (Device: Device(segment), Segment: Segment(segment))).ToList().ToLookup(read => read.Device, read => read.Segment);

    public List<TraceEvent[]> Traces(PickleList? devices)
    {
        var traces = new List<TraceEvent[]>();
        for (var device = 0; device < (devices?.Count ?? 0); device++)
        {
            Count("device_traces", device);
            var name = string.Create(CultureInfo.InvariantCulture, $"device_traces[{device}]");
            var trace = devices![device].List ?? throw new BadInputException($"{file}:{name}", $"this is {devices[device].Kind}", "expected a list of events");
            traces.Add([.. Each(trace, name).Select(Event)]);
        }
        return traces;
    }

    /// <summary>Spans that have begun and ended; a START waits for the next END of its name.</summary>
    public ILookup<int, Annotation> Annotations(PickleList? list)
    {
        var (open, spans) = (new Dictionary<(int, string), long>(), new List<(int Device, Annotation Span)>());
        foreach (var mark in list is null ? [] : Each(list, "external_annotations"))
        {
            if (mark.Text("name") is not { } name || mark.SizeIfAny("time_us") is not { } time)
            {
                continue;
            }
            var device = Device(mark);
            if (mark.Text("stage") == "START")
            {
                open[(device, name)] = time;
            }
            else if (open.Remove((device, name), out var start))
            {
                spans.Add((device, new(Plain.Text(name), start, time)));
            }
        }
        return spans.ToLookup(read => read.Device, read => read.Span);
    }

    private IEnumerable<SnapshotFields> Each(PickleList list, string name)
    {
        for (var at = 0; at < list.Count; at++)
        {
            Count(name, at);
            yield return SnapshotFields.Of(list[at], file, name, at);
        }
    }

    private void Count(string name, int at)
    {
        if (++parts > bytes)
        {
            throw new BadInputException(string.Create(CultureInfo.InvariantCulture, $"{file}:{name}[{at}]"), "the snapshot uses its parts more often than a file of its length could hold them", "expected each segment, block and event once");
        }
    }

    private static int Device(SnapshotFields fields) => fields.Integer("device") switch
    {
        null => 0,
        >= 0 and < 1 << 16 and var device => (int)device,
        var device => throw fields.Bad("device", string.Create(CultureInfo.InvariantCulture, $"{device} is no device"), "expected a GPU's number"),
    };

    private Segment Segment(SnapshotFields fields)
    {
        var address = fields.SizeIfAny("address") ?? 0;
        var size = Added(fields, "total_size");
        var isSmall = fields.Text("segment_type") is not "large";
        var blocks = new List<Block>();
        var at = address;
        foreach (var block in fields.ListIfAny("blocks") is { } list ? Each(list, fields.Under("blocks")) : [])
        {
            blocks.Add(Block(block, at));
            at = blocks[^1].Address + blocks[^1].Size;
        }
        return new(
            address, size, Added(fields, "allocated_size"), Added(fields, "active_size"),
            fields.Dict.Find("requested_size") is null ? Requested(blocks) : Added(fields, "requested_size"),
            fields.Integer("stream") ?? 0, isSmall, fields.Dict.Find("is_expandable")?.Boolean ?? false, Pool(fields), blocks);
    }

    /// <summary>Of the active ones; null = a version that does not tell it of each.</summary>
    private static long? Requested(List<Block> blocks) =>
        blocks.Where(block => block.State != BlockState.Free).Aggregate((long?)0, (sum, block) => sum + block.Requested);

    private static (long, long) Pool(SnapshotFields fields) =>
        fields.ListIfAny("segment_pool_id") is { Count: 2 } pool ? (pool[0].Integer ?? 0, pool[1].Integer ?? 0) : (0, 0);

    /// <param name="after">Where the block before it ends: 2.0 does not write addresses.</param>
    private Block Block(SnapshotFields fields, long after)
    {
        var state = fields.Text("state") switch
        {
            "inactive" => BlockState.Free,
            "active_allocated" => BlockState.Allocated,
            "active_pending_free" or "active_awaiting_free" => BlockState.Pending,
            var other => throw fields.Bad("state", other is null ? "it is absent" : $"\"{Plain.Text(other)}\" is unknown", "expected active_allocated, active_pending_free or inactive"),
        };
        var requested = fields.SizeIfAny("requested_size");
        return new(fields.SizeIfAny("address") ?? after, Added(fields, "size"), requested is null ? null : Added(fields, "requested_size"), state, FrameOf(fields));
    }

    private TraceEvent Event(SnapshotFields fields)
    {
        var action = fields.Text("action") ?? throw fields.Bad("action", "it is absent", "expected alloc, free_requested …");
        if (action.Length is 0 or > LongestAction || action.AsSpan().IndexOfAnyExcept(Letters) >= 0)
        {
            throw fields.Bad("action", $"\"{Plain.Text(action)}\" is none", "expected alloc, free_requested …");
        }
        var kind = Kind(action);
        var size = kind is (TraceAction.Other or TraceAction.Oom) && fields.SizeIfAny("size") is null ? (long?)null : Added(fields, "size");
        // What an oom has free is an address's name in some versions, and a snapshot's address is a size in others.
        var address = kind is TraceAction.Other or TraceAction.Oom ? 0 : fields.Size("addr");
        return new(
            kind, action, address, size, fields.Integer("stream") ?? 0, fields.SizeIfAny("time_us"),
            kind == TraceAction.Oom ? fields.SizeIfAny("device_free") : null, FrameOf(fields));
    }

    private static TraceAction Kind(string action) => action switch
    {
        "alloc" => TraceAction.Alloc,
        "free_requested" => TraceAction.FreeRequested,
        "free_completed" => TraceAction.FreeCompleted,
        "segment_alloc" => TraceAction.SegmentAlloc,
        "segment_free" => TraceAction.SegmentFree,
        "segment_map" => TraceAction.SegmentMap,
        "segment_unmap" => TraceAction.SegmentUnmap,
        "oom" => TraceAction.Oom,
        _ => TraceAction.Other,
    };

    /// <summary>2.0 keeps a block's stacks in its history, the latest first.</summary>
    private static Frame? FrameOf(SnapshotFields fields) =>
        (fields.Dict.Find("frames")?.List as FrameList)?.Frame
        ?? (fields.Dict.Find("history")?.List is { Count: > 0 } history ? (history[0].Dict?.Find("frames")?.List as FrameList)?.Frame : null);

    private long Added(SnapshotFields fields, string key)
    {
        var size = fields.Size(key);
        sum += size;
        return sum < SnapshotFields.Largest ? size : throw fields.Bad(key, "the sizes of the snapshot add up to more than any machine has", "expected numbers of bytes");
    }
}
