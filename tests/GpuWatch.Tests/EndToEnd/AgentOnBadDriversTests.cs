using System.Diagnostics;
using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The program as a process, on drivers that do not behave.</summary>
public sealed class AgentOnBadDriversTests : IDisposable
{
    private const string TwoGpus = "gpu 0 total=24GiB\ngpu 1 total=24GiB\njob 3000005 gpu=0\n at 0 4GiB\n stairs 600 6000 9GiB\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_call_that_never_returns_is_told_and_the_agent_still_ends()
    {
        using var agent = Start(TwoGpus + "fault hang gpu=1 from=1");
        await Eventually.HoldsAsync(() => Alerts(agent, "driver-unresponsive").Any(), 20, "driver-unresponsive: " + string.Join("; ", agent.Errors));
        var told = Alerts(agent, "driver-unresponsive").First();
        Assert.Equal(1, told.GetProperty("gpu").GetInt32());
        // Within five seconds, and the end within one, in virtual time: HangTests, AgentEndTests. This machine may be loaded.
        Assert.InRange(told.GetProperty("t").GetDouble() - await agent.ZeroAsync(), 1, 20);

        var stopping = Stopwatch.StartNew();
        Assert.Equal(130, agent.Stop());
        Assert.InRange(stopping.Elapsed.TotalSeconds, 0, 10);
    }

    [Fact]
    public void A_driver_from_before_the_second_versions_is_read_by_its_first()
    {
        var old = Repository.PathOf("artifacts", "native", "r440", "libnvidia-ml.so.1");
        var (code, output) = Tool.Run("env",
        [
            $"GPUWATCH_SIM={folder.File("scene", "gpu 0 total=24GiB reserved=300MiB\njob 3000005 gpu=0\n at 0 4GiB\njob 3000006 gpu=0 kind=graphics\n at 0 1GiB\n")}",
            "dotnet", Path.Combine(AppContext.BaseDirectory, "gpuwatch.dll"), "once", "--nvml", old, "--output", "json",
        ]);
        Assert.True(code == 0, output);
        using var once = JsonDocument.Parse(output);
        var gpu = once.RootElement.GetProperty("gpus")[0];
        Assert.Equal((5L << 30) + (300L << 20), gpu.GetProperty("used_bytes").GetInt64());
        Assert.Equal(JsonValueKind.Null, gpu.GetProperty("reserved_bytes").ValueKind);
        Assert.Equal([4L << 30, 1L << 30], once.RootElement.GetProperty("processes").EnumerateArray().Select(one => one.GetProperty("used_bytes").GetInt64()));
    }

    private RunningAgent Start(string scene) =>
        RunningAgent.WithConfig(folder.File("gpuwatch.yaml", ""), folder.File("scene", scene), "--listen", "none");

    private static IEnumerable<JsonElement> Events(RunningAgent agent, string kind) =>
        agent.Output.Select(line => JsonDocument.Parse(line).RootElement).Where(one => one.GetProperty("event").GetString() == kind);

    private static IEnumerable<JsonElement> Alerts(RunningAgent agent, string kind) =>
        Events(agent, "alert").Where(one => one.GetProperty("kind").GetString() == kind);
}
