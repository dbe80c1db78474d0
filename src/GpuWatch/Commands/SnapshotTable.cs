using System.Globalization;
using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>A snapshot in words: what of the memory is of no use, what running out of it now would mean, who held the peak, and which setting helps.</summary>
internal static class SnapshotTable
{
    private const int Most = 5;

    public static void Write(IReadOnlyList<SnapshotReport> reports, RecordedSettings settings, TextWriter output)
    {
        if (reports.Count == 0)
        {
            output.WriteLine("The snapshot is empty: no device holds memory.");
        }
        foreach (var report in reports)
        {
            WriteUsage(report, output);
            WriteOoms(report, output);
            WritePeak(report, output);
            SnapshotSettingsTable.Write(report, settings, output);
        }
    }

    private static void WriteUsage(SnapshotReport report, TextWriter output)
    {
        var usage = report.Usage;
        output.WriteLine(Text($"device {report.Device}: {Size(usage.Reserved)} reserved, {Size(usage.Allocated)} allocated, {Size(usage.FreeInSegments)} free in {usage.Segments} segments of {usage.Blocks} blocks"));
        if (usage.Fragmentation is { } share)
        {
            Line(output, "unusable", Text($"{Size(usage.FreeInSegments)} are reserved and hold nothing; the largest piece is {Size(usage.LargestFreeBlock)} (fragmentation {share:0.00})"));
        }
        if (usage.Active > usage.Allocated)
        {
            Line(output, "pending", Text($"{Size(usage.Active - usage.Allocated)} are freed, but a stream may still use them"));
        }
        if (usage.Requested is { } asked && usage.Active > asked)
        {
            Line(output, "rounding", Text($"{Size(usage.Active - asked)} more is handed out than was asked for"));
        }
        Line(output, "out of memory", usage.FreeInSegments == 0
            ? "running out now would mean that every byte is in use: nothing is free in pieces"
            : Text($"running out now would mean that a request above {Size(Math.Max(usage.LargestFreeBlock, usage.Releasable))} finds no place, though {Size(usage.FreeInSegments)} are free: {Size(usage.Releasable)} can go back to CUDA, {Size(usage.FreeInSegments - usage.Releasable)} stay in pieces"));
    }

    private static void WriteOoms(SnapshotReport report, TextWriter output)
    {
        foreach (var oom in report.Ooms.Take(Most))
        {
            Line(output, "ran out", Text($"{At(oom.SinceStartUs, oom.EventIndex)}: {Size(oom.Bytes)} were asked for, CUDA had {Size(oom.DeviceFree)} free, {Size(oom.Reserved)} were reserved and {Size(oom.Allocated)} asked for by live tensors{Lacking(oom)}{Of(oom.Frame)}"));
        }
        if (report.Ooms.Count > Most)
        {
            Line(output, "", Text($"and {report.Ooms.Count - Most} times more"));
        }
    }

    /// <summary>Whether it was for want of memory or of a place: by then PyTorch has given back what it could.</summary>
    private static string Lacking(Oom oom) =>
        oom is not { Bytes: { } asked, DeviceFree: { } free, Allocated: { } live } ? "" :
        free + oom.Reserved - live is var unused && unused >= asked
            ? Text($": {Size(unused)} were unused, but in pieces")
            : Text($": {Size(asked - unused)} were missing");

    private static void WritePeak(SnapshotReport report, TextWriter output)
    {
        if (report.Peak is not { } peak)
        {
            Line(output, "peak", "unknown: the snapshot has no history (torch.cuda.memory._record_memory_history() starts it)");
            return;
        }
        var during = peak.During is null ? "" : $", during {peak.During}";
        Line(output, "peak", Text($"{Size(peak.Bytes)} asked for by live tensors {At(peak.SinceStartUs, peak.EventIndex)}{during}; {Size(peak.Reserved)} were reserved then"));
        foreach (var holder in peak.Holders.Take(Most))
        {
            Line(output, "", Text($"{Size(holder.Bytes),9} in {holder.Tensors} {(holder.Tensors == 1 ? "tensor" : "tensors")}{(holder.Frame is null ? " from before the history, or without a stack" : Of(holder.Frame))}"));
        }
        if (peak.Largest is [var largest, ..])
        {
            Line(output, "", Text($"the largest tensor has {Size(largest.Bytes)}{Of(largest.Frame)}"));
        }
    }

    private static string At(long? sinceStartUs, int? index) =>
        index is null ? "when the history began" : Text($"after event {index}{(sinceStartUs is { } time ? Text($" ({time / 1e6:0.000} s)") : "")}");

    private static string Of(Frame? frame) => frame is null ? "" : $", {frame.Short()}";

    internal static void Line(TextWriter output, string label, string text) => output.WriteLine($"    {label,-14}{text}");

    internal static string Size(long? bytes) => bytes is { } known ? new Bytes(known).ToString() : "an unknown size";

    internal static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
