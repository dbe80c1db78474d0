using System.CommandLine;
using System.Text.Json;

namespace GpuWatch.Commands;

/// <summary>`doctor`: whether this machine lets GpuWatch do its work, and what to do where it does not.</summary>
internal static class DoctorCommand
{
    private static readonly Option<string> Config = CommonFlags.Config();
    private static readonly Option<string> Nvml = CommonFlags.Nvml();
    private static readonly Option<bool> Influx = new("--influx") { Description = "check only the connection to InfluxDB; leaves nothing on the server" };
    private static readonly Option<string> Output = new("--output") { Description = "table or json", DefaultValueFactory = _ => "table" };

    static DoctorCommand() => Output.AcceptOnlyFromAmong("table", "json");

    public static Command Create(Surroundings around)
    {
        var command = new Command("doctor", "Checks driver, library, permissions, pid namespace, port and stores, and says what to do about each.") { Config, Nvml, Influx, Output };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var settings = CommonFlags.Settings(parsed, Config, around);
        settings.Flag("nvml.path", parsed.GetValue(Nvml), "--nvml");
        var options = AgentOptions.From(settings, around.Environment);
        var findings = Examine(options, parsed.GetValue(Influx), around).ToList();
        if (parsed.GetValue(Output) == "json")
        {
            WriteJson(around.Out, findings);
        }
        else
        {
            foreach (var finding in findings)
            {
                around.Out.Write($"{Mark(finding.Health),-5} {finding.Check,-10} {finding.Found}\n");
                if (finding.Advice is { } advice)
                {
                    around.Out.Write($"{"",-16} -> {advice}\n");
                }
            }
        }
        return findings.Exists(finding => finding.Health == Health.Bad) ? ExitCode.Failed : ExitCode.Done;
    }

    private static IEnumerable<Finding> Examine(AgentOptions options, bool onlyInflux, Surroundings around)
    {
        var influx = onlyInflux || options.Influx is not null ? InfluxCheck.Examine(options.Influx, around.Time, around.Stop) : [];
        return onlyInflux ? influx : new Doctor(options, around).Examine().Concat(influx);
    }

    private static string Mark(Health health) => health switch { Health.Good => "ok", Health.Poor => "note", _ => "FAIL" };

    private static void WriteJson(TextWriter output, List<Finding> findings)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var finding in findings)
            {
                json.WriteStartObject();
                json.WriteString("check", finding.Check);
                json.WriteString("health", Mark(finding.Health).ToLowerInvariant());
                json.WriteString("found", finding.Found);
                json.WriteString("advice", finding.Advice);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        output.Write(System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n");
    }
}
