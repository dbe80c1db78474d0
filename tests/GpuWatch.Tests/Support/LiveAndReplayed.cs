using System.Globalization;

namespace GpuWatch.Tests.Support;

/// <summary>One trace through the real program twice: replayed from its file, and played by the simulated driver while the agent watches.</summary>
internal static class LiveAndReplayed
{
    private const double Speed = 20;
    /// <summary>Seconds the agent goes on after the last row: long enough for its slowest tick, and for a forecast that tells the time.</summary>
    private const double AfterEnd = 2;
    private const double AgentPeriodSeconds = 1;

    /// <summary>Null when both give the same alerts in the same order, each within two sample periods.</summary>
    /// <param name="job">What is declared of the process; null: nothing.</param>
    public static async Task<string?> DifferenceAsync(string trace, string? job)
    {
        string[] declared = job is null ? [] : ["--job", job];
        var endSeconds = double.Parse(File.ReadLines(trace).Last().Split(',')[0], CultureInfo.InvariantCulture);
        var (_, output, _) = Gpuwatch.Run(["replay", trace, .. declared, "--output", "ndjson"]);
        var replayed = Told.In(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), origin: 0);
        var live = await LiveAsync(trace, declared, endSeconds + AfterEnd);
        return Told.Difference(replayed, live, 2 * AgentPeriodSeconds, endSeconds);
    }

    private static async Task<List<Told>> LiveAsync(string trace, string[] declared, double untilSeconds)
    {
        using var agent = new RunningAgent(trace, Speed, ["--listen", "none", "--store", "none", "--output", "ndjson", .. declared]);
        var lines = await agent.ReadUntilAsync(untilSeconds);
        agent.Interrupt();
        return Told.In(lines, await agent.ZeroAsync());
    }
}
