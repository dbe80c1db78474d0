using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace GpuWatch.Store.Influx;

/// <summary>Reads from the body of a 400 or 422 how many points are lost. Good lines beside bad ones are stored by every version.</summary>
internal static partial class Refusal
{
    private const int LongestReason = 300;

    /// <remarks>
    /// 1.x and 2.x: "partial write: unable to parse '…': … dropped=0", one such text a bad line joined by line feeds, or
    /// "partial write: field type conflict … dropped=N"; without "partial write" nothing was stored.
    /// 3.x: "partial write of line protocol occurred" with an entry of "data" a bad line.
    /// </remarks>
    public static Answer Of(string body, int points)
    {
        var (text, entries) = Parse(body);
        var refused = entries > 0 ? entries
            : text.Contains("partial write", StringComparison.Ordinal) ? Math.Max(1, Unparsed().Count(text) + Dropped(text))
            : points;
        return new(Outcome.Refused, Math.Min(refused, points), Reason: Line(text));
    }

    public static string ReasonOf(string body) => Line(Parse(body).Text);

    private static int Dropped(string text) =>
        DroppedCount().Matches(text).Sum(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));

    private static (string Text, int Entries) Parse(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            return root.ValueKind != JsonValueKind.Object ? (body, 0) : (Text(root) ?? body, Entries(root));
        }
        catch (JsonException)
        {
            // VictoriaMetrics and proxies answer in plain text or HTML.
            return (body, 0);
        }
    }

    private static string? Text(JsonElement root) =>
        (root.TryGetProperty("error", out var text) || root.TryGetProperty("message", out text)) && text.ValueKind == JsonValueKind.String
            ? text.GetString() : null;

    private static int Entries(JsonElement root) =>
        root.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array ? data.GetArrayLength() : 0;

    /// <summary>Untrusted text, made fit for a log line.</summary>
    private static string Line(string text)
    {
        var line = string.Create(Math.Min(text.Length, LongestReason), text, (target, source) =>
        {
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
        return line.Length == 0 ? "no reason given" : line.Trim();
    }

    [GeneratedRegex("unable to parse '")]
    private static partial Regex Unparsed();

    [GeneratedRegex(@"dropped=(\d{1,9})")]
    private static partial Regex DroppedCount();
}
