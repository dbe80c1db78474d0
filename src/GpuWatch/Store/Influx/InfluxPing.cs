using System.Text.Json;
using GpuWatch.Core.Units;

namespace GpuWatch.Store.Influx;

/// <summary>What a server says of itself.</summary>
/// <param name="Version">As it writes it: "1.6.7", "v2.7.1"; null when it does not tell.</param>
/// <param name="Problem">Why nobody answered; null when somebody did.</param>
internal sealed record InfluxPing(string? Version, string? Problem)
{
    private const int LongestVersion = 40;

    /// <summary>The first number of <see cref="Version"/>; null when there is none.</summary>
    public int? Major => Version?.TrimStart('v').Split('.')[0] is { } first && int.TryParse(first, out var number) ? number : null;

    /// <param name="header">1.x and 2.x tell it in a header, 3.x in the body.</param>
    public static InfluxPing Of(string? header, string body)
    {
        var version = header ?? InBody(body);
        return new(version is { Length: > 0 and <= LongestVersion } ? Plain.Text(version) : null, Problem: null);
    }

    private static string? InBody(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("version", out var version) && version.ValueKind == JsonValueKind.String
                ? version.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
