using System.CommandLine;
using System.Globalization;
using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Jobs;
using GpuWatch.Show;

namespace GpuWatch.Commands;

/// <summary>`presets`: other people's rules by name, with their source and how far they are from measurements.</summary>
internal static class PresetsCommand
{
    public static Command Create(Surroundings around)
    {
        var measure = new Option<string>("--measure") { Description = "hold every rule against the measured peaks (peak_gib) of this CSV and print the errors as CSV", HelpName = "FILE" };
        var output = OutputOption.Create("table", "json", "csv");
        var command = new Command("presets", "Lists the rules of thumb that `estimate --formula` knows, with source and measured error.") { measure, output };
        command.SetAction(parsed =>
        {
            var errors = parsed.GetValue(measure) is { } path
                ? PresetError.Measure([.. MeasuredTable.Read(path).Where(row => row.Run is not null).Select(row => (row.Job, row.Peak))])
                : [.. AllPresets.List.Select(preset => PresetError.Known.GetValueOrDefault(preset.Name) ?? new(preset.Name, 0, null, null, null))];
            switch (parsed.GetValue(output))
            {
                case "json": WriteJson(errors, around.Out); break;
                case "csv": WriteCsv(errors, around.Out); break;
                default: WriteTable(errors, around.Out); break;
            }
            return ExitCode.Done;
        });
        return command;
    }

    private static void WriteTable(IReadOnlyList<PresetError> errors, TextWriter output)
    {
        foreach (var (preset, error) in AllPresets.List.Zip(errors))
        {
            output.WriteLine($"{preset.Name}  ({(preset.PerGpu ? "each GPU" : "whole job")})");
            output.WriteLine($"    says      {preset.Says}");
            output.WriteLine($"    source    {preset.Source}");
            output.WriteLine($"    measured  {Told(error)}");
            output.WriteLine($"    but       {preset.Remark}");
        }
    }

    internal static string Told(PresetError error) => error is { MedianApe: { } ape, MedianSigned: { } signed, Within25: { } within }
        ? string.Create(CultureInfo.InvariantCulture, $"median error {ape:P0} (signed {signed:+0 %;-0 %}) on {error.Rows} measurements, {within:P0} within 25 %")
        : "no published measurement is covered";

    private static void WriteCsv(IReadOnlyList<PresetError> errors, TextWriter output)
    {
        output.WriteLine("preset,rows,median_ape,median_signed,within_25pc");
        foreach (var error in errors)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{error.Preset},{error.Rows},{error.MedianApe},{error.MedianSigned},{error.Within25}"));
        }
    }

    private static void WriteJson(IReadOnlyList<PresetError> errors, TextWriter output) => JsonText.Write(output, indented: true, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("presets");
        foreach (var (preset, error) in AllPresets.List.Zip(errors))
        {
            json.WriteStartObject();
            json.WriteString("name", preset.Name);
            json.WriteString("says", preset.Says);
            json.WriteString("source", preset.Source);
            json.WriteString("remark", preset.Remark);
            json.WriteString("scope", preset.PerGpu ? "gpu" : "job");
            json.WriteNumber("measured_rows", error.Rows);
            json.Number("median_ape", error.MedianApe);
            json.Number("median_signed", error.MedianSigned);
            json.Number("within_25pc", error.Within25);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    });
}
