using System.Text.Json;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Show;

namespace GpuWatch.Commands;

/// <summary>The members that a question adds to the object of CONTRACTS 4.</summary>
internal static class EstimateJsonParts
{
    public static void Write(Utf8JsonWriter json, Estimated it, bool advise)
    {
        if (it.Room is { } room)
        {
            json.WriteStartObject("fits");
            json.WriteString("gpu", room.Name);
            json.WriteNumber("usable_bytes", room.Usable.Count);
            json.WriteBoolean("answer", it.Fits == true);
            json.WriteNumber("probability", Math.Round(room.Probability(it.Plan), 4));
            json.WriteEndObject();
        }
        if (advise)
        {
            WriteAdvice(json, it);
        }
        WriteCost(json, it);
        WriteCompared(json, it);
        if (!it.Terms.IsEmpty)
        {
            WriteTerms(json, it);
        }
    }

    private static void WriteAdvice(Utf8JsonWriter json, Estimated it)
    {
        json.WriteStartArray("advice");
        foreach (var advised in it.Advice)
        {
            json.WriteStartObject();
            WriteTexts(json, "changes", advised.Names);
            WriteTexts(json, "settings", advised.Settings);
            json.WriteString("costs", advised.Costs);
            json.WriteNumber("saves_bytes", advised.Saves.Count);
            json.WriteNumber("time_factor", Math.Round(advised.TimeFactor, 3));
            json.WriteNumber("peak_device_bytes", advised.Plan.PeakDevice.Likely.Count);
            json.WriteBoolean("fits", advised.Fits);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteCost(Utf8JsonWriter json, Estimated it)
    {
        if (it is not { Cost: { } cost, CostQuestion: { } question })
        {
            return;
        }
        json.WriteStartObject("cost");
        json.WriteNumber("steps_per_epoch", cost.StepsPerEpoch);
        json.WriteNumber("steps", cost.Steps);
        json.Number("flops_per_step", cost.FlopsPerStep);
        json.Number("seconds_per_step_s", cost.SecondsPerStep);
        json.Number("time_s", cost.Seconds);
        json.WriteNumber("retry_factor", question.RetryFactor);
        json.Number("gpu_hours", cost.GpuHours);
        json.Number("price_per_gpu_hour", question.PricePerGpuHour);
        json.WriteString("currency", question.Currency);
        json.Number("money", cost.Money);
        json.WriteEndObject();
    }

    private static void WriteCompared(Utf8JsonWriter json, Estimated it)
    {
        if (it.Compared.IsEmpty)
        {
            return;
        }
        json.WriteStartArray("compared");
        foreach (var (preset, answer) in it.Compared)
        {
            json.WriteStartObject();
            json.WriteString("formula", preset.Name);
            json.Count("per_gpu_bytes", answer.NotCovered is null ? it.PerGpu(preset, answer).Count : null);
            json.WriteString("not_covered", answer.NotCovered);
            json.Number("measured_median_ape", PresetError.Known.GetValueOrDefault(preset.Name)?.MedianApe);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteTerms(Utf8JsonWriter json, Estimated it)
    {
        json.WriteStartArray("terms");
        foreach (var term in it.Terms)
        {
            json.WriteStartObject();
            json.WriteString("component", term.Component.Name());
            json.WriteString("what", term.What);
            json.WriteString("formula", term.Formula);
            json.WriteString("inputs", string.Join(", ", term.Inputs));
            json.WriteNumber("value_bytes", term.Value.Count);
            json.WriteString("source", term.Source);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }
}
