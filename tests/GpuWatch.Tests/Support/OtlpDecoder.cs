using System.Text.Json;

namespace GpuWatch.Tests.Support;

/// <summary>A metrics request as OpenTelemetry's own JavaScript reads it (tests/node/otlp-metrics.mjs): what its schema does not know fails the test.</summary>
internal sealed record OtlpDecoder(JsonElement Resource, IReadOnlyList<OtlpDecoder.Read> Metrics)
{
    public static IReadOnlyList<OtlpDecoder> Decode(byte[] body)
    {
        var (code, output) = Tool.Run("node", ["tests/node/otlp-metrics.mjs"], input: Convert.ToBase64String(body) + "\n");
        Assert.True(code == 0, output);
        return [.. JsonDocument.Parse(output).RootElement.EnumerateArray().Select(resource => new OtlpDecoder(
            resource.GetProperty("resource"), [.. resource.GetProperty("metrics").EnumerateArray().Select(MetricOf)]))];
    }

    public string? Attribute(string name) => Resource.GetProperty(name).GetString();

    public Read Metric(string name) => Assert.Single(Metrics, metric => metric.Name == name);

    private static Read MetricOf(JsonElement metric) => new(
        metric.GetProperty("name").GetString()!, metric.GetProperty("unit").GetString()!, metric.GetProperty("kind").GetString()!,
        [.. metric.GetProperty("points").EnumerateArray().Select(point => new Point(
            point.GetProperty("value").GetDouble(),
            point.GetProperty("attributes").EnumerateObject().ToDictionary(attribute => attribute.Name, attribute => attribute.Value.ToString())))]);

    internal sealed record Read(string Name, string Unit, string Kind, IReadOnlyList<Point> Points);

    internal sealed record Point(double Value, IReadOnlyDictionary<string, string> Attributes);
}
