using GpuWatch.Core.Estimate;
using GpuWatch.Jobs;
using GpuWatch.Notify;
using GpuWatch.Options;
using GpuWatch.Show.Otlp;
using GpuWatch.Store.Influx;
using GpuWatch.Store.Sqlite;

namespace GpuWatch;

/// <summary>Everything the agent can be told, one record a section of the configuration. Beside the agent, since it names all rooms.</summary>
internal sealed record AgentOptions
{
    /// <summary>What points and alerts call this machine. Default: its own name; in a container that is another one each time.</summary>
    public string Host { get; init; } = Environment.MachineName;

    public SamplingOptions Sampling { get; init; } = new();
    public NvmlOptions Nvml { get; init; } = new();
    public HttpOptions Http { get; init; } = new();
    public StoreOptions Store { get; init; } = new();

    /// <summary>Coefficients of the estimate (estimate.profile names the file); null: the shipped ones.</summary>
    public Profile? Profile { get; init; }

    /// <summary>What is trained: a job file or a folder of them (estimate.job), as --job names it; null: nobody declared anything.</summary>
    public string? Job { get; init; }

    /// <summary>When a person is paged (alerts.miss_cost, alerts.false_alarm_cost).</summary>
    public AlertCosts Costs { get; init; } = AlertCosts.Default;

    public ChannelOptions Channels { get; init; } = new();

    /// <summary>Null: no InfluxDB.</summary>
    public InfluxOptions? Influx { get; init; }

    /// <summary>Null: no collector is told.</summary>
    public OtlpOptions? Otlp { get; init; }

    /// <summary>Reads each section; a setting that no section knows is a mistake.</summary>
    public static AgentOptions From(Settings settings, Func<string, string?> environment)
    {
        var options = new AgentOptions
        {
            Host = settings.Section("agent").TextOr(Environment.MachineName, "host"),
            Sampling = SamplingOptions.From(settings.Section("sampling")),
            Nvml = NvmlOptions.From(settings.Section("nvml")),
            Http = HttpOptions.From(settings.Section("http"), environment),
            Channels = ChannelOptions.From(settings, environment),
            Costs = AlertCosts.From(settings.Section("alerts")),
            Profile = ProfileFile.Read(settings.Section("estimate").Text("profile")),
            Job = settings.Section("estimate").Text("job"),
            Influx = InfluxOptions.From(settings.Section("influx"), environment),
            Otlp = OtlpOptions.From(settings.Section("otlp"), environment),
            Store = StoreOptions.From(settings.Section("store"), environment),
        };
        settings.RejectUnknown();
        return options;
    }
}
