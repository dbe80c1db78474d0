namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>All there is to tell of one device of a snapshot.</summary>
/// <param name="Peak">Null = there is no trace.</param>
/// <param name="WhatIf">Empty = nothing was asked of the allocator while it was recorded.</param>
/// <param name="IsWhole">The trace begins with an empty allocator.</param>
/// <param name="ModelPeakReserved">What the model reserves for the recorded requests with the recorded settings; null = the start is not known block by block.</param>
/// <param name="Unmatched">Events of the trace that contradict others.</param>
public sealed record SnapshotReport(
    int Device, DeviceUsage Usage, Timeline Timeline, Peak? Peak, IReadOnlyList<Oom> Ooms, IReadOnlyList<WhatIf> WhatIf, bool IsWhole, long? ModelPeakReserved, int Unmatched)
{
    public static SnapshotReport Of(DeviceSnapshot device, RecordedSettings settings)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(settings);
        var (timeline, start) = (Timeline.Of(device), TraceStart.Of(device));
        var isPlayed = device.Trace.Any(happened => happened.Kind == TraceAction.Alloc);
        var tape = isPlayed ? new Tape(device, start, settings.Settings) : null;
        return new(
            device.Device, DeviceUsage.Of(device), timeline, Peak.Of(device, timeline, start), Oom.Of(timeline),
            tape is null ? [] : Snapshots.WhatIf.Of(tape, timeline, settings.Settings),
            tape?.IsWhole ?? false,
            tape is { IsFoundAsRecorded: true } ? tape.PeakReserved(settings.Settings, asFound: true) : null,
            start.Unmatched);
    }
}
