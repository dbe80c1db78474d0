using System.CommandLine;
using System.Text.Json;
using GpuWatch.Core.Units;
using GpuWatch.Options;

namespace GpuWatch.Commands;

/// <summary>`config show` prints every setting with the place it comes from, secrets as stars; `config validate` only checks.</summary>
internal static class ConfigCommand
{
    private static readonly Option<string> Config = CommonFlags.Config();
    private static readonly Option<string> Output = OutputOption.Create("table", "json");

    public static Command Create(Surroundings around)
    {
        var show = new Command("show", "Prints each setting and the place that gives it; secrets as ***.") { Config, Output };
        show.SetAction(parsed => Show(Checked(parsed, around), parsed.GetValue(Output) == "json", around));
        var validate = new Command("validate", "Checks the settings: exit code 0, or 2 with the first mistake.") { Config };
        validate.SetAction(parsed => Validate(Checked(parsed, around), around));
        return new Command("config", "Shows or checks the settings.") { show, validate };
    }

    private static List<Setting> Checked(ParseResult parsed, Surroundings around)
    {
        var settings = CommonFlags.Settings(parsed, Config, around);
        AgentOptions.From(settings, around.Environment);
        return [.. settings.InForce()];
    }

    private static int Show(List<Setting> settings, bool asJson, Surroundings around)
    {
        if (asJson)
        {
            JsonText.Write(around.Out, indented: false, json => Write(json, settings));
            return ExitCode.Done;
        }
        foreach (var setting in settings)
        {
            around.Out.Write($"{Plain.Text(setting.Path)} = {Plain.Text(setting.Value)}  # {Plain.Text(setting.Place)}\n");
        }
        return ExitCode.Done;
    }

    private static void Write(Utf8JsonWriter json, List<Setting> settings)
    {
        json.WriteStartArray();
        foreach (var setting in settings)
        {
            json.WriteStartObject();
            json.WriteString("setting", setting.Path);
            json.WriteString("value", setting.Value);
            json.WriteString("place", setting.Place);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static int Validate(List<Setting> settings, Surroundings around)
    {
        around.Out.Write($"ok: {settings.Count(setting => setting.Place != Settings.ByDefault)} settings are given\n");
        return ExitCode.Done;
    }
}
