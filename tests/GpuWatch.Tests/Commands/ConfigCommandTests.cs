using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class ConfigCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Show_tells_each_setting_and_its_place_and_no_secret()
    {
        var file = folder.File("g.yaml", """
            influx: { url: 'http://localhost:8086', token: s3cr3t-a }
            http: { token: s3cr3t-b }
            slack: { url: 'https://hooks.example.org/s3cr3t-c' }
            webhook: { url: 'http://localhost:1/s3cr3t-d', secret: s3cr3t-e }
            mail: { host: localhost, from: a@example.org, to: [b@example.org], password: s3cr3t-f }
            alertmanager: { url: 'http://localhost:2', token: s3cr3t-g }
            otlp: { endpoint: 'http://user:s3cr3t-h@localhost:3', headers: 'key=s3cr3t-i' }
            command: { argv: [/usr/bin/page, --key, s3cr3t-j] }
            """);
        var (code, output, error) = Gpuwatch.Run("config", "show", "--config", file);

        Assert.Equal((0, ""), (code, error));
        Assert.DoesNotContain("s3cr3t", output);
        Assert.Contains($"influx.token = ***  # {file}:1\n", output);
        Assert.Contains($"influx.url = http://localhost:8086  # {file}:1\n", output);
        Assert.Contains($"webhook.url = ***  # {file}:4\n", output);
        Assert.Contains("otlp.endpoint = http://***@localhost:3  #", output);
        Assert.Contains("command.argv.0 = /usr/bin/page  #", output);
        Assert.Contains("mail.to.0 = b@example.org", output);
        Assert.Contains("sampling.period = 1 s  # default\n", output);
    }

    [Fact]
    public void Show_as_JSON_says_the_same_and_no_secret_either()
    {
        var file = folder.File("g.yaml", "slack: { url: 'https://hooks.example.org/s3cr3t' }\nalerts: { log: yes }\n");
        var (code, output, error) = Gpuwatch.Run("config", "show", "--config", file, "--output", "json");
        var settings = JsonDocument.Parse(output).RootElement.EnumerateArray().ToDictionary(setting => setting.GetProperty("setting").GetString()!);

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(("***", $"{file}:1"), (settings["slack.url"].GetProperty("value").GetString(), settings["slack.url"].GetProperty("place").GetString()));
        Assert.Equal("yes", settings["alerts.log"].GetProperty("value").GetString());
        Assert.Equal("default", settings["sampling.period"].GetProperty("place").GetString());
        Assert.DoesNotContain("s3cr3t", output);
    }

    [Fact]
    public void Show_names_the_variable_or_the_credential_that_gives_a_setting()
    {
        folder.File("influx_token", "s3cr3t");
        var (code, output, _) = Gpuwatch.RunIn(
            name => name switch
            {
                "GPUWATCH_SAMPLING__PERIOD" => "2s",
                "INFLUX_HOST" => "http://influx:8086",
                "INFLUX_TOKEN" => "s3cr3t-too",
                "CREDENTIALS_DIRECTORY" => folder.Path,
                _ => null,
            },
            "config", "show", "--config", folder.File("g.yaml", "sampling:\n  period: 3s\n"));

        Assert.Equal(0, code);
        Assert.Contains("sampling.period = 2s  # GPUWATCH_SAMPLING__PERIOD\n", output);
        Assert.Contains("influx.url = http://influx:8086  # INFLUX_HOST\n", output);
        Assert.Contains($"influx.token = ***  # {folder.File("influx_token")}\n", output);
        Assert.DoesNotContain("s3cr3t", output);
    }

    /// <summary>What it prints can be written down again: each value is one that the setting takes.</summary>
    [Fact]
    public void The_defaults_it_shows_are_values_that_it_takes()
    {
        var (_, first, _) = Gpuwatch.Run("config", "show", "--config", folder.File("empty.yaml", ""));
        var shown = first.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToDictionary(
            line => "GPUWATCH_" + line.Split(" = ")[0].Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant(),
            line => line.Split(" = ")[1].Split("  #")[0]);
        var (code, second, error) = Gpuwatch.RunIn(shown.GetValueOrDefault, "config", "show", "--config", folder.File("empty.yaml"));

        Assert.Equal((0, ""), (code, error));
        Assert.DoesNotContain("# default", second);
        Assert.Equal(Values(first), Values(second));

        static IEnumerable<string> Values(string text) => text.Split('\n').Select(line => line.Split("  #")[0]);
    }

    [Fact]
    public void Validate_ends_with_2_and_the_mistake()
    {
        Assert.Equal((0, "ok: 1 settings are given\n", ""), Gpuwatch.Run("config", "validate", "--config", folder.File("good.yaml", "sampling:\n  period: 2s\n")));
        var (code, output, error) = Gpuwatch.Run("config", "validate", "--config", folder.File("bad.yaml", "influx:\n  api: v9\n"));

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("bad.yaml:2: 'influx.api' is 'v9'; one of v1, v2, v3 is expected", error);
    }
}
