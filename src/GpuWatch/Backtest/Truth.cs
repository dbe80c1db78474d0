using System.Text.Json;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Backtest;

/// <summary>What really became of a recorded job (NAME.truth.json).</summary>
/// <param name="OomAtSeconds">When it ran out of memory; null: it lived.</param>
/// <param name="Cause">As recorded: first_optimizer, first_backward, long_batch, leak, neighbour, eval; null when it lived, or when it cannot be known.</param>
/// <param name="Leak">It leaks, whether or not it lived to feel it.</param>
/// <param name="Blowup">Its declaration is wrong: it takes more.</param>
/// <param name="Of">The recorded job it is a variant of (scripts/vary-jobs.py); null for a recording.</param>
internal sealed record Truth(string Scenario, double? OomAtSeconds, string? Cause, bool Leak, bool Blowup, double DurationSeconds, string? Of = null)
{
    /// <summary>What really ran; null when the file does not say.</summary>
    public Job? Actual { get; init; }

    /// <summary>It lives and does not leak: an alarm is a false one.</summary>
    public bool IsFine => OomAtSeconds is null && !Leak;

    /// <summary>1 when it ran out of memory within the horizon from that time on, else 0.</summary>
    public double OomWithin(double horizonSeconds, double fromSeconds) => OomAtSeconds is { } end && end <= fromSeconds + horizonSeconds ? 1 : 0;

    public static Truth Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = json.RootElement;
            return new Truth(
                Text(root, "scenario") ?? "unnamed",
                Number(root, "oom_at"),
                Text(root, "cause"),
                Flag(root, "leak"),
                Flag(root, "blowup"),
                Number(root, "duration_s") ?? 0,
                Text(root, "of"))
            {
                Actual = root.TryGetProperty("actual_job", out var job) ? JobFile.Read(path, job.GetRawText()) : null,
            };
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException)
        {
            throw new BadInputException(path, "it is not a truth file", "expected a JSON object with scenario, oom_at, cause, leak, blowup");
        }
    }

    private static double? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
