namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>A request that found no memory.</summary>
/// <param name="SinceStartUs">Microseconds since the first event; null = the version tells no times.</param>
/// <param name="Bytes">Asked for; null = not told.</param>
/// <param name="DeviceFree">Bytes that CUDA had free then; null = not told.</param>
/// <param name="Reserved">Held from CUDA then.</param>
/// <param name="Allocated">Asked for in live tensors then; null = not told.</param>
public sealed record Oom(int EventIndex, long? SinceStartUs, long? Bytes, long? DeviceFree, long Reserved, long? Allocated, Frame? Frame)
{
    internal static List<Oom> Of(Timeline timeline) =>
    [
        .. Enumerable.Range(0, timeline.Events.Count)
            .Where(at => timeline.Events[at].Kind == TraceAction.Oom)
            .Select(at => new Oom(
                at, timeline.SinceStartUs(at), timeline.Events[at].Size, timeline.Events[at].DeviceFree, timeline.Reserved[at], timeline.Allocated?[at], timeline.Events[at].Frame)),
    ];
}
