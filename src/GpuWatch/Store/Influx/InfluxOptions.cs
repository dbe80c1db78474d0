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

/// <summary>Where the points go, and how patiently. A secret is never part of it: <see cref="Token"/> is read from its file at the start.</summary>
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

    /// <summary>Shortest and longest pause between two tries. Default 0.5 s and 30 s.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Folder for what the server does not take; null = nothing is kept on disk.</summary>
    public string? Spool { get; init; }

    /// <summary>Most bytes on disk. Default 1 GiB; beyond it the oldest points go.</summary>
    public long SpoolLimitBytes { get; init; } = 1L << 30;

    /// <summary>Sweeps and events waiting to be encoded. Default 4096; beyond it the oldest go.</summary>
    public int Queue { get; init; } = 4096;
}
