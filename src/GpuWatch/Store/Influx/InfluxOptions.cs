using GpuWatch.Core.Units;
using GpuWatch.Options;

namespace GpuWatch.Store.Influx;

/// <summary>Which of InfluxDB's write interfaces the server has.</summary>
internal enum InfluxApi
{
    /// <summary>/write: 1.x, and VictoriaMetrics.</summary>
    V1,
    /// <summary>/api/v2/write: 2.x, and 1.8 with a token "user:password".</summary>
    V2,
    /// <summary>/api/v3/write_lp: 3.x.</summary>
    V3,
}

/// <summary>Where the points go, and how patiently.</summary>
internal sealed record InfluxOptions
{
    /// <summary>Address of the server, without the path of the write interface. No default: without it there is no sink.</summary>
    public required Uri Url { get; init; }

    /// <summary>Default V2.</summary>
    public InfluxApi Api { get; init; } = InfluxApi.V2;

    /// <summary>Bucket (2.x) or database (1.x, 3.x). Default "gpuwatch".</summary>
    public string Bucket { get; init; } = "gpuwatch";

    /// <summary>Organisation (2.x only). Default "gpuwatch".</summary>
    public string Org { get; init; } = "gpuwatch";

    /// <summary>Token (2.x, 3.x) or "user:password" (1.x); null = none is sent.</summary>
    public Secret? Token { get; init; }

    /// <summary>Points of a request. Default 5000, what InfluxData advises.</summary>
    public int BatchPoints { get; init; } = 5000;

    /// <summary>Longest time a point waits for others. Default 1 s.</summary>
    public TimeSpan FlushEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest time a request may take. Default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Shortest pause between two tries. Default 0.5 s, doubling up to <see cref="LongestPause"/>.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest pause between two tries, unless the server asks for more. Default 30 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Folder for what the server does not take; null ("none") = nothing is kept on disk.</summary>
    public string? Spool { get; init; }

    /// <summary>Most bytes on disk. Default 1 GiB; beyond it the oldest points go.</summary>
    public long SpoolLimitBytes { get; init; } = 1L << 30;

    /// <summary>Sweeps and events waiting to be encoded. Default 4096; beyond it the oldest go.</summary>
    public int Queue { get; init; } = 4096;

    /// <summary>Null when no address is configured, or "none". INFLUX_HOST, _TOKEN, _ORG and _BUCKET_NAME, which InfluxData's own tools read, stand in for what is not.</summary>
    public static InfluxOptions? From(SettingsSection section, Func<string, string?> environment)
    {
        var byDefault = new InfluxOptions { Url = new("http://localhost:8086") };
        var url = section.Text("url", "INFLUX_HOST");
        var options = byDefault with
        {
            Api = section.Choice("api", "v2", "v1", "v2", "v3") switch { "v1" => InfluxApi.V1, "v2" => InfluxApi.V2, _ => InfluxApi.V3 },
            Bucket = section.TextOr(byDefault.Bucket, "bucket", "INFLUX_BUCKET_NAME"),
            Org = section.TextOr(byDefault.Org, "org", "INFLUX_ORG"),
            Token = section.Secret("token", environment, "INFLUX_TOKEN"),
            BatchPoints = section.Count("batch_points", byDefault.BatchPoints, 1, 100_000),
            FlushEvery = section.Duration("flush_every", byDefault.FlushEvery, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
            Timeout = section.Duration("timeout", byDefault.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            LongestPause = section.Duration("longest_pause", byDefault.LongestPause, byDefault.FirstPause, TimeSpan.FromHours(1)),
            Spool = section.TextOr(StateFolder.Of(environment, "spool"), "spool") is var folder && folder != "none" ? folder : null,
            SpoolLimitBytes = (long)(section.Number("spool_limit_gib", 1, 0.001, 10_000) * Bytes.GiBCount),
        };
        return url is null or "none" ? null : options with { Url = Address(section, url) };
    }

    private static Uri Address(SettingsSection section, string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.UserInfo.Length == 0
            ? address
            : throw section.Bad("url", "is no address of a server", "http://HOST:PORT is expected, and a user or token in token_file");
}
