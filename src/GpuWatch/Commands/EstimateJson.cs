using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>Writes a plan as the JSON object of CONTRACTS 4. One writer serves many plans; not thread-safe.</summary>
internal sealed class EstimateJson(TextWriter output, bool indented)
{
    private readonly ArrayBufferWriter<byte> bytes = new(2048);
    private readonly JsonWriterOptions options = JsonText.Options(indented);

    public void Write(string? id, Job job, Plan plan, ImmutableArray<string> notes) =>
        WriteObject(json => WritePlan(json, id, job, plan, notes));

    /// <summary>The same with what else was asked: room, cost, advice, the rules of others, formulas.</summary>
    public void Write(Estimated it, bool advise) =>
        WriteObject(json =>
        {
            WritePlan(json, it.Job.Id, it.Job, it.Plan, []);
            EstimateJsonParts.Write(json, it, advise);
        });

    public void WriteError(string? id, string error) =>
        WriteObject(json =>
        {
            WriteId(json, id);
            json.WriteString("error", error);
        });

    /// <summary>The quantity that a metric measures; the device where none is named, the allocator's where it is only known to be the process's own.</summary>
    public static ByteRange Measured(Plan plan, string? metric) => metric switch
    {
        "torch_max_allocated" => plan.PeakAllocated,
        "torch_max_reserved" or "unknown" => plan.PeakReserved,
        _ => plan.PeakDevice,
    };

    public static string Name(Phase phase) => phase switch
    {
        Phase.Load => "load",
        Phase.FirstForward => "first_forward",
        Phase.FirstBackward => "first_backward",
        Phase.FirstOptimizer => "first_optimizer",
        Phase.Evaluation => "evaluation",
        _ => "steady",
    };

    private static void WritePlan(Utf8JsonWriter json, string? id, Job job, Plan plan, ImmutableArray<string> notes)
    {
        var named = Measured(plan, job.Metric);
        WriteId(json, id);
        json.WriteNumber("peak_allocated_bytes", plan.PeakAllocated.Likely.Count);
        json.WriteNumber("peak_reserved_bytes", plan.PeakReserved.Likely.Count);
        json.WriteNumber("peak_device_bytes", plan.PeakDevice.Likely.Count);
        json.WriteNumber("low_bytes", named.Low.Count);
        json.WriteNumber("high_bytes", named.High.Count);
        json.WriteString("peak_phase", Name(plan.PeakPhase));
        WriteComponents(json, plan.Components);
        WritePhases(json, plan.Phases);
        WriteTexts(json, "assumed", plan.Assumed);
        WriteTexts(json, "warnings", [.. notes, .. plan.Warnings]);
    }

    private void WriteObject(Action<Utf8JsonWriter> members)
    {
        bytes.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(bytes, options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        output.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    private static void WriteId(Utf8JsonWriter json, string? id) => json.WriteString("id", id);

    private static void WriteComponents(Utf8JsonWriter json, ByComponent<Bytes> parts)
    {
        json.WriteStartObject("components");
        foreach (var (name, size) in parts.Named())
        {
            json.WriteNumber(name, size.Count);
        }
        json.WriteEndObject();
    }

    private static void WritePhases(Utf8JsonWriter json, PhasePeaks phases)
    {
        json.WriteStartObject("phases");
        json.WriteNumber("load", phases.Load.Count);
        json.WriteNumber("first_forward", phases.FirstForward.Count);
        json.WriteNumber("first_backward", phases.FirstBackward.Count);
        json.WriteNumber("first_optimizer", phases.FirstOptimizer.Count);
        json.WriteNumber("steady", phases.Steady.Count);
        if (phases.Evaluation is { } evaluation)
        {
            json.WriteNumber("evaluation", evaluation.Count);
        }
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, ImmutableArray<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }
}
