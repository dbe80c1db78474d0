using System.Globalization;
using System.Text.Json;
using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Show;

namespace GpuWatch.Commands;

/// <summary>The document of CONTRACTS 9. Text from the snapshot is one line without control characters.</summary>
internal static class SnapshotJson
{
    public static void Write(IReadOnlyList<SnapshotReport> reports, TextWriter output) => JsonText.Write(output, indented: true, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("devices");
        foreach (var report in reports)
        {
            json.WriteStartObject();
            json.WriteNumber("device", report.Device);
            WriteUsage(json, report.Usage);
            WritePeak(json, report.Peak);
            WriteWhatIf(json, report.WhatIf);
            WriteOoms(json, report.Ooms);
            WriteTrace(json, report);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void WriteUsage(Utf8JsonWriter json, DeviceUsage usage)
    {
        json.WriteNumber("reserved_bytes", usage.Reserved);
        json.WriteNumber("allocated_bytes", usage.Allocated);
        json.WriteNumber("active_bytes", usage.Active);
        json.Count("requested_bytes", usage.Requested);
        json.WriteNumber("free_in_segments_bytes", usage.FreeInSegments);
        json.WriteNumber("releasable_bytes", usage.Releasable);
        json.WriteNumber("largest_free_block_bytes", usage.LargestFreeBlock);
        json.WriteNumber("segments", usage.Segments);
        json.WriteNumber("blocks", usage.Blocks);
        json.Number("fragmentation", usage.Fragmentation);
    }

    private static void WritePeak(Utf8JsonWriter json, Peak? peak)
    {
        if (peak is null)
        {
            json.WriteNull("peak");
            return;
        }
        json.WriteStartObject("peak");
        json.Number("time_s", Seconds(peak.SinceStartUs));
        json.Count("time_us", peak.TimeUs);
        json.Count("event_index", peak.EventIndex);
        json.WriteNumber("bytes", peak.Bytes);
        json.WriteNumber("reserved_bytes", peak.Reserved);
        json.WriteString("during", peak.During);
        json.WriteStartArray("largest");
        foreach (var tensor in peak.Largest)
        {
            json.WriteStartObject();
            json.WriteNumber("bytes", tensor.Bytes);
            json.WriteString("address", string.Create(CultureInfo.InvariantCulture, $"0x{tensor.Address:x}"));
            json.Count("event_index", tensor.EventIndex);
            json.WriteString("where", tensor.Frame?.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("held_by");
        foreach (var holder in peak.Holders)
        {
            json.WriteStartObject();
            json.WriteNumber("bytes", holder.Bytes);
            json.WriteNumber("allocations", holder.Tensors);
            json.WriteString("where", holder.Frame?.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteWhatIf(Utf8JsonWriter json, IReadOnlyList<WhatIf> rows)
    {
        json.WriteStartArray("what_if");
        foreach (var row in rows)
        {
            json.WriteStartObject();
            json.WriteString("setting", row.Setting);
            json.WriteNumber("peak_reserved_bytes", row.PeakReserved);
            json.WriteNumber("saves_bytes", row.Saves);
            json.WriteNumber("by_itself_bytes", row.ByItself);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteOoms(Utf8JsonWriter json, IReadOnlyList<Oom> ooms)
    {
        json.WriteStartArray("ooms");
        foreach (var oom in ooms)
        {
            json.WriteStartObject();
            json.WriteNumber("event_index", oom.EventIndex);
            json.Number("time_s", Seconds(oom.SinceStartUs));
            json.Count("requested_bytes", oom.Bytes);
            json.Count("device_free_bytes", oom.DeviceFree);
            json.WriteNumber("reserved_bytes", oom.Reserved);
            json.Count("allocated_requested_bytes", oom.Allocated);
            json.WriteString("where", oom.Frame?.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteTrace(Utf8JsonWriter json, SnapshotReport report)
    {
        json.WriteStartObject("trace");
        json.WriteNumber("events", report.Timeline.Events.Count);
        json.WriteBoolean("whole", report.IsWhole);
        json.WriteNumber("unmatched_events", report.Unmatched);
        json.Count("model_peak_reserved_bytes", report.ModelPeakReserved);
        json.WriteEndObject();
    }

    private static double? Seconds(long? microseconds) => microseconds / 1e6;
}
