using GpuWatch.Options;

namespace GpuWatch.Show.Otlp;

/// <summary>An OpenTelemetry collector that is told the metrics (OTLP over HTTP, protobuf).</summary>
/// <param name="Metrics">Where the metrics are posted: the endpoint with its /v1/metrics.</param>
/// <param name="Headers">As OpenTelemetry writes them, "name=value,…": they may hold a token. Null: none.</param>
/// <param name="Period">Time between two exports. Default 10 s.</param>
/// <param name="Timeout">Longest time one may take. Default 10 s.</param>
internal sealed record OtlpOptions(Uri Metrics, Secret? Headers, TimeSpan Period, TimeSpan Timeout)
{
    /// <summary>
    /// Null when no endpoint is configured, or it is "none". OTEL_EXPORTER_OTLP_ENDPOINT and _HEADERS, which every program with
    /// OpenTelemetry reads, stand in for what is not.
    /// </summary>
    public static OtlpOptions? From(SettingsSection section, Func<string, string?> environment)
    {
        var endpoint = section.Text("endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT");
        var headers = section.Secret("headers", environment, "OTEL_EXPORTER_OTLP_HEADERS");
        var period = section.Duration("period", TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        var timeout = section.Duration("timeout", TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        return endpoint is null or "" or "none" ? null : new(Address(section, endpoint), headers, period, timeout);
    }

    private static Uri Address(SettingsSection section, string endpoint) =>
        Uri.TryCreate(endpoint.TrimEnd('/') + "/v1/metrics", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw section.Bad("endpoint", "is no address of a collector", "http://HOST:4318 is expected, or none");
}
