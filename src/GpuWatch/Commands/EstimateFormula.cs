using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>`--formula NAME`: what one of the presets says of a job.</summary>
internal static class EstimateFormula
{
    /// <exception cref="BadInputException">There is no such preset.</exception>
    /// <returns>Null for no name.</returns>
    public static Preset? Find(string? name) =>
        name is null ? null : AllPresets.Find(name) ?? throw new BadInputException(
            "--formula", $"the formula '{Plain.Text(name)}' is not known", $"did you mean {Nearest.Of(name, AllPresets.List.Select(preset => preset.Name))}?");

    public static int Run(Preset preset, Job job, string form, Surroundings around)
    {
        var (answer, error) = Apply(preset, job);
        if (answer is null)
        {
            throw new BadInputException("--formula", error!, "see gpuwatch presets");
        }
        if (form == "table")
        {
            WriteTable(preset, answer, around.Out);
        }
        else
        {
            WriteJson(preset, job.Id, answer, form == "json", around.Out);
        }
        return ExitCode.Done;
    }

    /// <returns>The answer, or null with the reason.</returns>
    public static (PresetAnswer? Answer, string? Error) Apply(Preset preset, Job job)
    {
        var (input, error) = PresetInput.Of(job);
        if (input is null)
        {
            return (null, error);
        }
        var answer = preset.Apply(input);
        return answer.NotCovered is { } reason ? (null, $"{preset.Name} {reason}") : (answer, null);
    }

    public static void WriteJson(Preset preset, string? id, PresetAnswer answer, bool indented, TextWriter output) =>
        JsonText.Write(output, indented, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("formula", preset.Name);
            json.WriteString("scope", preset.PerGpu ? "gpu" : "job");
            json.WriteNumber("total_bytes", answer.Total.Count);
            json.WriteStartObject("parts");
            foreach (var (name, size) in answer.Parts)
            {
                json.WriteNumber(name, size.Count);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        });

    private static void WriteTable(Preset preset, PresetAnswer answer, TextWriter output)
    {
        EstimateTable.Line(output, preset.Name, preset.Says);
        foreach (var (name, size) in answer.Parts)
        {
            EstimateTable.Line(output, "", FormattableString.Invariant($"{name,-26}{size.Count / 1e9,10:0.00} GB"));
        }
        EstimateTable.Line(output, "total", FormattableString.Invariant($"{answer.Total.Count / 1e9:0.00} GB = {answer.Total} for {(preset.PerGpu ? "each GPU" : "the whole job")}"));
        EstimateTable.Line(output, "source", preset.Source);
        EstimateTable.Line(output, "measured", PresetError.Known.TryGetValue(preset.Name, out var error) ? PresetsCommand.Told(error) : "not yet");
        EstimateTable.Line(output, "but", preset.Remark);
    }
}
