using System.Globalization;
using System.Text.Json;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;

namespace GpuWatch.Tests.Support;

/// <summary>An alert that began, or one that ended by itself, not with the watching.</summary>
internal sealed record Told(double TimeSeconds, string What)
{
    public static List<Told> In(IEnumerable<WatchEvent> events) =>
    [
        .. events.Select(happened => happened switch
        {
            AlertRaised raised => new Told(raised.TimeSeconds, Words("alert", raised.Pid, raised.Alert.Kind.Name(), raised.Alert.Severity.Name())),
            AlertResolved resolved when !EndsWithTheWatching(resolved.Alert.Reason) => new Told(resolved.TimeSeconds, Words("resolved", resolved.Pid, resolved.Alert.Kind.Name(), "")),
            _ => null,
        }).OfType<Told>(),
    ];

    /// <summary>The same from what a command printed.</summary>
    /// <param name="origin">Printed time of the recording's time 0.</param>
    public static List<Told> In(IEnumerable<string> ndjson, double origin) =>
    [
        .. from line in ndjson
           let json = JsonDocument.Parse(line).RootElement
           let happened = json.GetProperty("event").GetString()!
           where happened == "alert" || (happened == "resolved" && !EndsWithTheWatching(json.GetProperty("reason").GetString()!))
           let pid = json.GetProperty("pid") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : (int?)null
           select new Told(json.GetProperty("t").GetDouble() - origin, Words(
               happened, pid, json.GetProperty("kind").GetString()!, happened == "alert" ? json.GetProperty("severity").GetString()! : "")),
    ];

    /// <summary>Null when both tell the same things in the same order, each within <paramref name="apartSeconds"/>; else what they tell.</summary>
    /// <param name="endSeconds">When the recording ends: its last row stands from then on where it is played, so what is told later has no counterpart.</param>
    public static string? Difference(IReadOnlyList<Told> replayed, IReadOnlyList<Told> live, double apartSeconds, double endSeconds)
    {
        var within = live.Take(replayed.Count).Concat(live.Skip(replayed.Count).Where(told => told.TimeSeconds <= endSeconds)).ToList();
        var agree = replayed.Count == within.Count
            && replayed.Zip(within).All(pair => pair.First.What == pair.Second.What && Math.Abs(pair.First.TimeSeconds - pair.Second.TimeSeconds) <= apartSeconds);
        return agree ? null : $"replayed: {string.Join(", ", replayed)}; live: {string.Join(", ", within)}";
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{TimeSeconds:0.0} {What}");

    private static bool EndsWithTheWatching(string reason) => reason == ProcessWatch.WatchedNoLonger;

    private static string Words(string happened, int? pid, string kind, string severity) => $"{happened} {pid} {kind} {severity}".TrimEnd();
}
