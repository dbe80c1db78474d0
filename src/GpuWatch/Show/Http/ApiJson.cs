using System.Buffers;
using System.Text.Json;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Show.Http;

/// <summary>The bodies of the API: sizes in bytes, times in seconds, null = unknown.</summary>
internal static class ApiJson
{
    public static byte[] Gpus(Present present) => Object(present, json => Gpus(json, present));

    public static byte[] Processes(Present present) => Object(present, json => Processes(json, present));

    public static byte[] Alerts(Present present) => Object(present, json => Alerts(json, present));

    /// <summary>What `once` prints.</summary>
    public static byte[] Once(Present present) => Object(present, json =>
    {
        Gpus(json, present);
        Processes(json, present);
    });

    /// <summary>All three, as the page takes them with each sample.</summary>
    public static byte[] Everything(Present present) => Object(present, json =>
    {
        Gpus(json, present);
        Processes(json, present);
        Alerts(json, present);
    });

    /// <summary>The last minutes of a GPU, or of a process on it. Null when there is no such one, or memory does not hold all that is asked.</summary>
    public static byte[]? Recent(Present present, SeriesQuestion asked)
    {
        var live = Find(present, asked.Gpu);
        var history = asked.Pid is { } process ? live?.Processes.GetValueOrDefault(process)?.History : live?.History;
        return history is null || asked.Resolution is not null || asked.FromSeconds < (history.Count > 0 ? history[0].TimeSeconds : double.MaxValue)
            ? null
            : Series(present, asked, "raw", Enumerable.Range(0, history.Count).Select(i => history[i]).Where(point => asked.Includes(point.TimeSeconds)));
    }

    /// <summary>What the store holds; null when there is no such GPU or process, and nothing is stored of one.</summary>
    public static byte[]? Past(Present present, SeriesQuestion asked, PastSeries found)
    {
        var live = Find(present, asked.Gpu);
        var isThere = live is not null && (asked.Pid is not { } process || live.Processes.ContainsKey(process));
        return isThere || found.Points.Count > 0 ? Series(present, asked, found.Resolution, found.Points) : null;
    }

    /// <summary>Points are [time, bytes], oldest first.</summary>
    private static byte[] Series(Present present, SeriesQuestion asked, string resolution, IEnumerable<(double TimeSeconds, long Bytes)> points) =>
        Object(present, json =>
        {
            json.WriteNumber("gpu", asked.Gpu);
            json.Count("pid", asked.Pid);
            json.WriteString("resolution", resolution);
            json.WriteStartArray("points");
            foreach (var (time, bytes) in points)
            {
                json.WriteStartArray();
                json.WriteNumberValue(time);
                json.WriteNumberValue(bytes);
                json.WriteEndArray();
            }
            json.WriteEndArray();
        });

    private static LiveGpu? Find(Present present, int gpu) => present.Gpus.FirstOrDefault(live => live.Info.Index == gpu);

    /// <summary>A sink that cannot deliver is told of, and is no illness of the agent: the agent goes on without it.</summary>
    public static byte[] Health(double sweptAgoSeconds, double staleAfterSeconds, IReadOnlyList<SinkCounters> sinks) => Whole(json =>
    {
        json.WriteString("status", sweptAgoSeconds <= staleAfterSeconds ? "ok" : "stale");
        json.Number("last_sweep_age_s", sweptAgoSeconds);
        json.WriteStartArray("sinks");
        foreach (var sink in sinks)
        {
            json.WriteStartObject();
            json.WriteString("sink", sink.Name);
            json.WriteString("problem", sink.Problem);
            json.WriteNumber("written", sink.Written);
            json.WriteNumber("rejected", sink.Rejected);
            json.WriteNumber("dropped", sink.Dropped);
            json.WriteNumber("queued", sink.Queued());
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    private static void Gpus(Utf8JsonWriter json, Present present)
    {
        json.WriteStartArray("gpus");
        foreach (var gpu in present.Gpus)
        {
            json.WriteStartObject();
            json.WriteNumber("gpu", gpu.Info.Index);
            json.WriteString("uuid", gpu.Info.Uuid);
            json.WriteString("name", gpu.Info.Name);
            json.WriteString("pci_bus_id", gpu.Info.PciBusId);
            json.WriteString("driver_version", gpu.Info.DriverVersion);
            json.WriteString("parent_uuid", gpu.Info.ParentUuid);
            json.Number("last_seen_t", gpu.LastSeenSeconds);
            json.Count("total_bytes", (gpu.Frame?.Total ?? gpu.Info.Total)?.Count);
            Memory(json, gpu.Frame);
            json.WriteString("fault", gpu.Fault is { } fault ? FaultNames.Name(fault.Kind) : null);
            json.WriteString("fault_reason", gpu.Fault?.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>The bridge: processes + reserved + unattributed = total − free.</summary>
    public static void Memory(Utf8JsonWriter json, GpuFrame? frame)
    {
        json.Count("used_bytes", frame?.Used.Count);
        json.Count("free_bytes", frame?.Available.Count);
        json.Count("processes_bytes", frame is null ? null : SumOf(frame));
        json.Count("reserved_bytes", frame?.Reserved?.Count);
        json.Count("unattributed_bytes", frame?.Unattributed?.Count);
    }

    private static long? SumOf(GpuFrame frame)
    {
        long sum = 0;
        foreach (var process in frame.Processes)
        {
            if (process.Used is not { } used)
            {
                return null;
            }
            sum += used.Count;
        }
        return sum;
    }

    private static void Processes(Utf8JsonWriter json, Present present)
    {
        json.WriteStartArray("processes");
        foreach (var gpu in present.Gpus)
        {
            foreach (var process in gpu.Processes.Values)
            {
                json.WriteStartObject();
                json.WriteNumber("gpu", gpu.Info.Index);
                Who(json, process.Facts);
                json.Count("used_bytes", process.Reading.Used?.Count);
                json.Count("torch_allocated_bytes", process.Reading.TorchAllocated?.Count);
                json.Count("torch_reserved_bytes", process.Reading.TorchReserved?.Count);
                json.WriteNumber("peak_bytes", process.PeakBytes);
                json.WriteString("phase", process.Phase?.Name());
                json.Number("p_oom_60s", process.Forecast?.OomWithin60s);
                json.Number("p_oom_600s", process.Forecast?.OomWithin600s);
                json.Count("predicted_peak_bytes", process.Forecast?.PredictedPeak.Likely.Count);
                json.Count("predicted_peak_low_bytes", process.Forecast?.PredictedPeak.Low.Count);
                json.Count("predicted_peak_high_bytes", process.Forecast?.PredictedPeak.High.Count);
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
    }

    public static void Who(Utf8JsonWriter json, Sampling.ProcessFacts facts)
    {
        json.WriteNumber("pid", facts.Pid);
        json.WriteString("name", facts.Name);
        json.WriteString("command_line", facts.CommandLine);
        json.WriteString("user", facts.User);
        json.WriteString("container", facts.Container);
        json.WriteString("pod", facts.Pod);
        json.WriteString("slurm_job", facts.SlurmJob);
    }

    private static void Alerts(Utf8JsonWriter json, Present present)
    {
        json.WriteStartArray("alerts");
        foreach (var raised in present.Alerts)
        {
            EventJson.Write(json, raised);
        }
        json.WriteEndArray();
    }

    private static byte[] Object(Present present, Action<Utf8JsonWriter> members) => Whole(json =>
    {
        json.WriteNumber("t", present.TimeSeconds);
        members(json);
    });

    private static byte[] Whole(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
