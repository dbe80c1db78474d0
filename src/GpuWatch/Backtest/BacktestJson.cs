using System.Buffers;
using System.Text;
using System.Text.Json;

namespace GpuWatch.Backtest;

/// <summary>The result for programs: one object.</summary>
internal static class BacktestJson
{
    public static void Write(TextWriter output, IEnumerable<Measures> rules, FineMeasures fine)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            Write(json, rules, fine);
        }
        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static void Write(Utf8JsonWriter json, IEnumerable<Measures> rules, FineMeasures fine)
    {
        json.WriteStartObject();
        json.WriteStartArray("rules");
        foreach (var rule in rules)
        {
            Write(json, rule);
        }
        json.WriteEndArray();
        Write(json, "cause_right", fine.CauseRight);
        Write(json, "blowup_told", fine.BlowupTold);
        Write(json, "blowup_false", fine.BlowupFalse);
        Write(json, "leak_told", fine.LeakTold);
        Write(json, "leak_false", fine.LeakFalse);
        json.WriteStartArray("calibration");
        foreach (var calibration in fine.Calibrations)
        {
            Write(json, calibration);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Measures rule)
    {
        json.WriteStartObject();
        json.WriteString("rule", rule.Rule);
        Write(json, "caught_0s", rule.Caught0s);
        Write(json, "caught_2s", rule.Caught2s);
        Write(json, "caught_10s", rule.Caught10s);
        Write(json, "caught_30s", rule.Caught30s);
        if (rule.MedianLeadSeconds is { } lead)
        {
            json.WriteNumber("median_lead_s", Math.Round(lead, 1));
        }
        else
        {
            json.WriteNull("median_lead_s");
        }
        Write(json, "false_alarms", rule.FalseAlarms);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, Share share)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", share.Count);
        json.WriteNumber("of", share.Of);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Calibration calibration)
    {
        json.WriteStartObject();
        json.WriteNumber("horizon_s", calibration.HorizonSeconds);
        json.WriteNumber("forecasts", calibration.Count);
        json.WriteNumber("base_rate", calibration.BaseRate);
        json.WriteNumber("brier", calibration.Brier);
        json.WriteNumber("skill", calibration.Skill);
        json.WriteStartArray("reliability");
        foreach (var bin in calibration.Bins.Where(bin => bin.Count > 0))
        {
            json.WriteStartObject();
            json.WriteNumber("from", bin.From);
            json.WriteNumber("to", bin.To);
            json.WriteNumber("count", bin.Count);
            json.WriteNumber("said", bin.Said);
            json.WriteNumber("came", bin.Came);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
