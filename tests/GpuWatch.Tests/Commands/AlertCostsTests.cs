using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

/// <summary>What a miss and a false alarm cost decides who is paged: by flag in a recording, by setting in the agent.</summary>
public sealed class AlertCostsTests : IDisposable
{
    private const string Columns = "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n";

    /// <summary>Loads 2 GiB, steps, and fills the last of 16.</summary>
    private static readonly double[] UsedGiB = [0.4, 2, 2, 2, 10, 15.7, 15.7];

    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("3", 0)]
    [InlineData("2", 3)]
    public void Replay_pages_by_the_costs_it_is_given(string falseAlarm, int code) =>
        Assert.Equal(code, Gpuwatch.Run(["replay", Trace, "--fail-on", "critical", "--miss-cost", "1", "--false-alarm-cost", falseAlarm]).Code);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    public void A_cost_that_is_none_is_one_line_and_exit_code_2(string cost)
    {
        var (code, output, error) = Gpuwatch.Run(["replay", Trace, "--false-alarm-cost", cost]);
        Assert.Equal((2, ""), (code, output));
        Assert.Matches("^gpuwatch: --false-alarm-cost: .* is no cost; expected a number from 0.001 to 1000\n$", error);
    }

    [Theory]
    [InlineData("alerts:\n  false_alarm_cost: 1.3\n", "\"warning\"")]
    [InlineData("alerts:\n  false_alarm_cost: 0.5\n", "\"critical\"")]
    public async Task The_agent_pages_by_the_costs_of_its_settings(string settings, string severity)
    {
        // It starts when the agent looks, and is played: what is there before is not known from its start, and what passes unseen not at all.
        var scene = "gpu 0 total=16GiB name=\"A\"\njob 4242 gpu=0 start=5 name=\"python\"\n"
            + string.Concat(UsedGiB.Select((used, second) => FormattableString.Invariant($"  at {second} {used}GiB\n")));
        using var agent = new RunningAgent(
            folder.File("scene.scn", scene), 20, ["--listen", "none", "--store", "none", "--output", "ndjson", "--config", folder.File("gpuwatch.yaml", settings)]);
        var events = await agent.ReadUntilAsync(16);
        var alerts = events.Where(line => line.Contains("\"oom-risk\"", StringComparison.Ordinal) && line.Contains("\"alert\"", StringComparison.Ordinal));
        Assert.Contains(severity, alerts.Last(), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private string Trace => folder.File("trace.csv", Columns + string.Concat(UsedGiB.Select((used, second) =>
        FormattableString.Invariant($"{second},0,7,{(long)(used * (1 << 30))},{(long)(used * (1 << 30))},{16L << 30},,\n"))));
}
