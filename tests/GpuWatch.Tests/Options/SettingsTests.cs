using GpuWatch.Core.Units;
using GpuWatch.Options;
using GpuWatch.Store.Influx;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Options;

public sealed class SettingsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpuwatch-settings").FullName;
    private readonly Dictionary<string, string> environment = [];

    [Fact]
    public void Without_any_file_the_defaults_stand()
    {
        Assert.Equal(new AgentOptions { Store = new() { Path = "/var/lib/gpuwatch/gpuwatch.db" } }, Read(null));
    }

    [Fact]
    public void A_file_sets_what_it_names_and_leaves_the_rest()
    {
        var options = Read("sampling:\n  period: 500ms\n");

        Assert.Equal(new SamplingOptions { Period = TimeSpan.FromSeconds(0.5) }, options.Sampling);
    }

    [Fact]
    public void The_environment_wins_over_a_file_and_a_flag_over_both()
    {
        environment["GPUWATCH_SAMPLING__PERIOD"] = "2s";
        var settings = Load("sampling:\n  period: 500ms\n");
        Assert.Equal(TimeSpan.FromSeconds(2), AgentOptions.From(settings, _ => null).Sampling.Period);

        settings.Flag("sampling.period", "3s", "--period");

        Assert.Equal(TimeSpan.FromSeconds(3), AgentOptions.From(settings, _ => null).Sampling.Period);
    }

    [Fact]
    public void The_users_own_file_is_found_in_its_xdg_folder()
    {
        environment["XDG_CONFIG_HOME"] = folder;
        Directory.CreateDirectory(Path.Combine(folder, "gpuwatch"));
        File.WriteAllText(Path.Combine(folder, "gpuwatch", "config.yaml"), "sampling: { period: 250ms }");

        Assert.Equal(TimeSpan.FromMilliseconds(250), Read(null).Sampling.Period);
    }

    [Fact]
    public void The_systems_files_come_by_name_under_the_users_own()
    {
        var system = Directory.CreateDirectory(Path.Combine(folder, "etc", "conf.d")).Parent!.FullName;
        File.WriteAllText(Path.Combine(system, "gpuwatch.yaml"), "sampling: { period: 2s, fast_period: 150ms }\nstore: { path: /main.db }\n");
        File.WriteAllText(Path.Combine(system, "conf.d", "20-b.yaml"), "sampling: { period: 4s }\nhttp: { most_processes: 20 }\n");
        File.WriteAllText(Path.Combine(system, "conf.d", "10-a.yaml"), "sampling: { period: 3s }\nstore: { path: /a.db }\n");
        File.WriteAllText(Path.Combine(system, "conf.d", "30-c.yaml.bak"), "sampling: { period: 9s }\n");
        environment["CONFIGURATION_DIRECTORY"] = system;
        environment["XDG_CONFIG_HOME"] = folder;
        Directory.CreateDirectory(Path.Combine(folder, "gpuwatch"));
        File.WriteAllText(Path.Combine(folder, "gpuwatch", "config.yaml"), "http: { most_processes: 30 }");
        var options = Read(null);

        Assert.Equal((4, "/a.db", 30), (options.Sampling.Period.TotalSeconds, options.Store.Path, options.Http.MostProcesses));
        Assert.Equal(TimeSpan.FromSeconds(0.15), options.Sampling.FastPeriod);
    }

    [Fact]
    public void A_list_stands_in_for_the_whole_list_below_it()
    {
        var settings = new Settings(_ => null);
        settings.Add([new("mail.to.0", "a@x", "below"), new("mail.to.1", "b@x", "below"), new("mail.from", "me@x", "below")]);
        settings.Add([new("mail.to.0", "c@x", "above")]);

        Assert.Equal(["c@x"], settings.Section("mail").List("to"));
        Assert.Equal("me@x", settings.Section("mail").Text("from"));
    }

    [Fact]
    public void A_fast_period_longer_than_the_period_is_the_period()
    {
        environment["GPUWATCH_SAMPLING__FAST_PERIOD"] = "10s";

        Assert.Equal(TimeSpan.FromSeconds(1), Read(null).Sampling.FastPeriod);
    }

    [Fact]
    public void A_section_with_nothing_in_it_sets_nothing() =>
        Assert.Equal(new SamplingOptions(), Read("sampling:\n  # period: 5s\nstore:\n").Sampling);

    [Theory]
    [InlineData("sampling:\n  perod: 1s\n", ":2: unknown setting 'sampling.perod'; one of fast_at_most, fast_period, in_process,")]
    [InlineData("samplin:\n  period: 1s\n", ":2: unknown setting 'samplin.period'; one of agent, alertmanager, alerts, command, estimate, http, influx, mail, nvml, otlp, sampling, signal, slack, store, webhook is expected")]
    [InlineData("samplin:\n", ":1: unknown setting 'samplin'; one of agent, ")]
    [InlineData("sampling:\n  period:\n", ":2: 'sampling.period' is ''; a duration such as ")]
    [InlineData("sampling:\n  period: soon\n", ":2: 'sampling.period' is 'soon'; a duration such as 500ms, 10s, 2m, 1h or 7d is expected")]
    [InlineData("sampling:\n  period: 1ms\n", ":2: 'sampling.period' is '1ms'; a duration from 100 ms to 60 s is expected")]
    [InlineData("nvml:\n\n  require_gpu: perhaps\n", ":3: 'nvml.require_gpu' is 'perhaps'; yes or no is expected")]
    [InlineData("sampling: [1, 2\n", ":2: this is not YAML: ")]
    [InlineData("a sentence\n", ":1: the file holds no sections; ")]
    [InlineData("sampling:\n  period: 1s\n  period: 2s\n", ":3: 'sampling.period' is set twice; ")]
    [InlineData("sampling:\n  period: [1s]\n", ":2: unknown setting 'sampling.period.0'; one of fast_at_most, ")]
    [InlineData("sampling:\n  period: {a: 1s}\n", ":2: unknown setting 'sampling.period.a'; one of fast_at_most, ")]
    [InlineData("sampling: 1s\n", ":1: unknown setting 'sampling'; one of fast_at_most, ")]
    [InlineData("- sampling\n", ":1: the file holds no sections; ")]
    [InlineData("sampling:\n  ? [a]\n  : 1s\n", ":2: a key is not a word; ")]
    [InlineData("sampling: &s\n  period: 1s\nstore: *s\n", ":3: 'store' refers to another place; the value itself is expected")]
    [InlineData("*s\n", ":1: the file holds no sections; ")]
    [InlineData("\"a\\nb\": 1s\n", ":1: unknown setting 'a·b'; ")]
    [InlineData("sampling:\n  period: \"1\\e[2J\"\n", ":2: 'sampling.period' is '1·[2J'; ")]
    public void A_mistake_names_its_file_line_and_what_is_expected(string yaml, string message)
    {
        var mistake = Assert.Throws<BadInputException>(() => Read(yaml));

        Assert.StartsWith(Path.Combine(folder, "config.yaml") + message, mistake.Message);
        Assert.DoesNotContain('\n', mistake.Message);
    }

    [Theory]
    [InlineData("", "[")]
    [InlineData("", "{\"a\":")]
    [InlineData("sampling: ", "[")]
    [InlineData("sampling:\n  period: ", "{a: ")]
    [InlineData("", "- ")]
    public void However_deep_a_file_is_nested_it_is_only_bad_input(string start, string nested) =>
        Assert.Matches(@"config\.yaml:\d+: ", Assert.Throws<BadInputException>(() => Read(start + string.Concat(Enumerable.Repeat(nested, 100_000)))).Message);

    [Theory]
    [InlineData("")]
    [InlineData("# all as it comes\n")]
    [InlineData("---\n")]
    [InlineData("{}")]
    public void A_file_that_sets_nothing_leaves_the_defaults(string yaml) => Assert.Equal(Read(null), Read(yaml));

    [Fact]
    public void A_file_that_is_no_text_or_too_large_is_bad_input()
    {
        var binary = Path.Combine(folder, "binary");
        File.WriteAllBytes(binary, [0x7f, 0x45, 0x4c, 0x46, 0x02, 0x00, 0xc3, 0x28]);
        var huge = Path.Combine(folder, "huge");
        File.WriteAllText(huge, new string('#', 2_000_000));

        Assert.StartsWith(binary + ":1: the file is not UTF-8 text; ", Assert.Throws<BadInputException>(() => Settings.Load(binary, _ => null)).Message);
        Assert.StartsWith(huge + ": the file is larger than 1 MiB; ", Assert.Throws<BadInputException>(() => Settings.Load(huge, _ => null)).Message);
    }

    [Fact]
    public void The_program_ends_with_2_and_one_line_for_a_bad_file()
    {
        var file = Path.Combine(folder, "deep.yaml");
        File.WriteAllText(file, new string('[', 100_000));

        var (code, output, error) = Gpuwatch.Run("agent", "--config", file);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"gpuwatch: {file}:1: the file holds no sections; ", Assert.Single(error.TrimEnd('\n').Split('\n')));
    }

    [Fact]
    public void A_mistake_in_the_environment_names_the_variable()
    {
        environment["GPUWATCH_SAMPLING__PERIOD"] = "never";

        Assert.StartsWith("GPUWATCH_SAMPLING__PERIOD: 'sampling.period' is 'never'; ", Assert.Throws<BadInputException>(() => Read(null)).Message);
    }

    [Theory]
    [InlineData("GPUWATCH_SAMPLING__PERIODD", "sampling.periodd")]
    [InlineData("GPUWATCH_SAMPLIN__PERIOD", "samplin.period")]
    [InlineData("GPUWATCH_SAMPLING_PERIOD", "sampling_period")]
    public void A_variable_that_is_meant_for_a_setting_and_names_none_is_a_mistake(string name, string path)
    {
        environment[name] = "3s";

        Assert.StartsWith($"{name}: unknown setting '{path}'; one of ", Assert.Throws<BadInputException>(() => Read(null)).Message);
    }

    [Theory]
    [InlineData("GPUWATCH_PORT_9838_TCP_ADDR")]
    [InlineData("GPUWATCH_NVML")]
    [InlineData("GPUWATCH_SIM_SPEED")]
    [InlineData("MY__OWN")]
    public void A_variable_that_is_meant_for_others_is_none(string name)
    {
        environment[name] = "3";

        Assert.Equal(TimeSpan.FromSeconds(1), Read(null).Sampling.Period);
    }

    [Fact]
    public void A_server_that_the_environment_names_for_others_can_be_declined()
    {
        environment["INFLUX_HOST"] = "http://elsewhere:8086";
        Assert.NotNull(InfluxOptions.From(Load(null).Section("influx"), _ => null));
        Assert.Null(InfluxOptions.From(Load("influx:\n  url: none\n").Section("influx"), _ => null));
    }

    [Fact]
    public void A_file_that_was_named_and_is_not_there_is_a_mistake()
    {
        var missing = Path.Combine(folder, "none.yaml");

        var mistake = Assert.Throws<BadInputException>(() => Settings.Load(missing, _ => null));

        Assert.StartsWith(missing + ": cannot be read: ", mistake.Message);
    }

    [Fact]
    public void A_secret_comes_from_its_setting_its_file_or_a_credential()
    {
        var file = Path.Combine(folder, "http_token");
        File.WriteAllText(file, "s3cret\n");
        Assert.Equal("plain", Given(new Settings(_ => null), "http.token", "plain").Section("http").Secret("token", _ => null)?.Reveal());
        Assert.Equal("s3cret", Given(new Settings(_ => null), "http.token_file", file).Section("http").Secret("token", _ => null)?.Reveal());
        Assert.Equal("s3cret", new Settings(_ => null).Section("http").Secret("token", name => name == "CREDENTIALS_DIRECTORY" ? folder : null)?.Reveal());
        Assert.Null(new Settings(_ => null).Section("http").Secret("token", _ => null));
    }

    private static Settings Given(Settings settings, string path, string value)
    {
        settings.Add([new Setting(path, value, "test")]);
        return settings;
    }

    private AgentOptions Read(string? yaml) => AgentOptions.From(Load(yaml), _ => null);

    private Settings Load(string? yaml)
    {
        var file = Path.Combine(folder, "config.yaml");
        if (yaml is not null)
        {
            File.WriteAllText(file, yaml);
        }
        return Settings.Load(yaml is null ? null : file, environment.GetValueOrDefault, environment.Keys);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
