using System.Buffers;
using System.Text;
using System.Text.Json;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;

namespace GpuWatch.Show;

/// <summary>
/// An event as one JSON object of CONTRACTS 5: sizes are whole bytes, times seconds, null = unknown.
/// JSON has no NaN or infinity: such a number is written as null. Text is escaped to ASCII, so a line is always one line.
/// </summary>
internal static class EventJson
{
    private static readonly JsonWriterOptions Unchecked = new() { SkipValidation = true };

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? reused;

    /// <summary>The event as a line without its end.</summary>
    public static string Line(WatchEvent watchEvent)
    {
        var (buffer, json) = reused ??= Writer();
        buffer.ResetWrittenCount();
        json.Reset();
        Write(json, watchEvent);
        json.Flush();
        return Encoding.ASCII.GetString(buffer.WrittenSpan);
    }

    private static (ArrayBufferWriter<byte>, Utf8JsonWriter) Writer()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        return (buffer, new Utf8JsonWriter(buffer, Unchecked));
    }

    public static void Write(Utf8JsonWriter json, WatchEvent watchEvent)
    {
        json.WriteStartObject();
        json.Number("t", watchEvent.TimeSeconds);
        json.WriteString("event", Name(watchEvent));
        json.WriteNumber("gpu", watchEvent.Gpu);
        json.Count("pid", watchEvent.Pid);
        switch (watchEvent)
        {
            case AlertRaised raised: Write(json, raised.Alert); break;
            case AlertResolved resolved: Write(json, resolved.Alert); break;
            case ForecastMade forecast: Write(json, forecast); break;
            case PhaseChanged change: json.WriteString("phase", change.Phase.Name()); break;
            case Reconciled reconciled: ReconciliationJson.Write(json, reconciled); break;
        }
        json.WriteEndObject();
    }

    /// <summary>The word in <c>event</c>.</summary>
    public static string Name(WatchEvent watchEvent) => watchEvent switch
    {
        AlertRaised => "alert",
        AlertResolved => "resolved",
        ForecastMade => "forecast",
        PhaseChanged => "phase",
        Reconciled => "reconciliation",
        _ => throw new ArgumentException($"{watchEvent.GetType().Name} has no name in CONTRACTS 5", nameof(watchEvent)),
    };

    private static void Write(Utf8JsonWriter json, Alert alert)
    {
        json.WriteString("kind", alert.Kind.Name());
        json.WriteString("severity", alert.Severity.Name());
        json.Number("probability", alert.Probability);
        json.Number("eta_s", alert.EtaSeconds);
        json.Number("eta_low_s", alert.EtaLowSeconds);
        json.Number("eta_high_s", alert.EtaHighSeconds);
        json.Count("predicted_peak_bytes", alert.PredictedPeak?.Count);
        json.Count("capacity_bytes", alert.Capacity?.Count);
        json.WriteString("reason", alert.Reason);
        json.WriteStartObject("evidence");
        foreach (var (name, value) in alert.Evidence)
        {
            json.Number(name, value);
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ForecastMade forecast)
    {
        json.Number("p_oom_60s", forecast.OomWithin60s);
        json.Number("p_oom_600s", forecast.OomWithin600s);
        json.WriteNumber("predicted_peak_bytes", forecast.PredictedPeak.Likely.Count);
        json.WriteNumber("predicted_peak_low_bytes", forecast.PredictedPeak.Low.Count);
        json.WriteNumber("predicted_peak_high_bytes", forecast.PredictedPeak.High.Count);
    }
}
