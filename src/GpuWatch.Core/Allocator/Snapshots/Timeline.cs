namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>
/// How much was held after each event of a trace. The ring kept the end of the story only, so it is told backwards from the state at the snapshot.
/// </summary>
/// <param name="Allocated">Bytes asked for in live tensors after each event; null = the snapshot does not tell what its blocks were asked for.</param>
/// <param name="Reserved">Bytes held from CUDA after each event.</param>
/// <param name="AllocatedBefore">The same before the first event.</param>
/// <param name="StartUs">Time of the first event that has one; null = none has.</param>
public sealed record Timeline(IReadOnlyList<TraceEvent> Events, long[]? Allocated, long[] Reserved, long? AllocatedBefore, long ReservedBefore, long? StartUs)
{
    public static Timeline Of(DeviceSnapshot device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var asked = device.Segments.SelectMany(segment => segment.Blocks)
            .Where(block => block.State == BlockState.Allocated)
            .Aggregate((long?)0, (sum, block) => sum + block.Requested);
        var reserved = device.Segments.Sum(segment => segment.Size);
        var (afterAsked, afterReserved) = (new long[device.Trace.Count], new long[device.Trace.Count]);
        var held = asked ?? 0;
        for (var at = device.Trace.Count - 1; at >= 0; at--)
        {
            (afterAsked[at], afterReserved[at]) = (held, reserved);
            var happened = device.Trace[at];
            var size = happened.Size ?? 0;
            held -= happened.Kind switch { TraceAction.Alloc => size, TraceAction.FreeRequested => -size, _ => 0 };
            reserved -= happened.Kind switch
            {
                TraceAction.SegmentAlloc or TraceAction.SegmentMap => size,
                TraceAction.SegmentFree or TraceAction.SegmentUnmap => -size,
                _ => 0,
            };
        }
        return new(
            device.Trace, asked is null ? null : afterAsked, afterReserved, asked is null ? null : held, reserved,
            device.Trace.Select(happened => happened.TimeUs).FirstOrDefault(time => time is not null));
    }

    /// <summary>The most that was ever reserved while the trace ran.</summary>
    public long PeakReserved => Math.Max(ReservedBefore, Reserved.DefaultIfEmpty().Max());

    /// <summary>Microseconds since the first event; null = the version tells no times.</summary>
    public long? SinceStartUs(int index) => Events[index].TimeUs - StartUs;
}
