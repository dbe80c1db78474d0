using GpuWatch.Core.Allocator.Pickle;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>A pickled snapshot of any version since 1.4 becomes a <see cref="MemorySnapshot"/>.</summary>
public static class SnapshotReader
{
    private const string Expected = "expected what torch.cuda.memory._snapshot() gives: a dict with segments and device_traces";

    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="BadInputException">With the byte or the part of the snapshot that cannot be.</exception>
    public static MemorySnapshot Read(Stream stream, string file)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var root = PickleReader.Read(stream, file, key => key == "frames" ? new FrameList() : null, out var length);
        var parts = new SnapshotParts(file, length);
        // Before 2.0 there were only the segments.
        if (root.List is { } segmentsOnly)
        {
            return new(Devices(parts.Segments(segmentsOnly), [], parts.Annotations(null)), RecordedSettings.Unknown);
        }
        var top = root.Dict ?? throw new BadInputException(file, $"the pickle is {root.Kind}", Expected);
        var segments = top.Find("segments")?.List ?? throw new BadInputException(file, "the snapshot has no list of segments", Expected);
        return new(
            Devices(parts.Segments(segments), parts.Traces(top.Find("device_traces")?.List), parts.Annotations(top.Find("external_annotations")?.List)),
            top.Find("allocator_settings")?.Dict is { } settings ? RecordedSettings.From(settings) : RecordedSettings.Unknown);
    }

    private static List<DeviceSnapshot> Devices(ILookup<int, Segment> segments, List<TraceEvent[]> traces, ILookup<int, Annotation> annotations) =>
    [
        .. segments.Select(device => device.Key)
            .Union(Enumerable.Range(0, traces.Count).Where(device => traces[device].Length > 0))
            .Order()
            .Select(device => new DeviceSnapshot(device, [.. segments[device]], device < traces.Count ? traces[device] : [], [.. annotations[device]])),
    ];
}
