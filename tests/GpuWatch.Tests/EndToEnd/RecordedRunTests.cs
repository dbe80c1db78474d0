using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>What was recorded live, replayed.</summary>
public sealed class RecordedRunTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("leak.csv", 47)]
    [InlineData("neighbour.csv", 60)]
    public Task A_recording_replays_to_the_events_of_its_live_run_byte_for_byte(string trace, double seconds) =>
        ReplaysAsItWas(Path.Combine(AppContext.BaseDirectory, "Traces", trace), seconds);

    [Fact]
    public Task So_does_one_with_a_fault_and_an_empty_gpu_in_it() => ReplaysAsItWas(folder.File("scene.scn", """
        gpu 0 total=16GiB name="A"
        gpu 1 total=16GiB name="B"
        job 4242 gpu=0 start=2 name="python"
          at 0 1GiB
          at 20 8GiB
        fault code=15 gpu=1 from=10 to=30

        """), 60);

    public void Dispose() => folder.Dispose();

    /// <param name="seconds">Of the simulator's time, however long the machine takes for them.</param>
    private async Task ReplaysAsItWas(string scene, double seconds)
    {
        var recording = Path.Combine(folder.Path, "run.csv");

        using var live = RunningAgent.Start(scene, 20, ["record", recording, "--nvml", NvmlSim.Path, "--output", "ndjson"]);
        await live.ReadUntilAsync(seconds);
        live.Interrupt();
        var (code, _, error) = live.End();
        Assert.Equal(130, code);
        Assert.Contains(" 0 dropped", error);
        var output = string.Concat(live.Output.Select(line => line + "\n"));

        var (replayed, events, _) = Gpuwatch.Run("replay", recording, "--output", "ndjson");
        Assert.Equal(0, replayed);
        Assert.Contains("\"event\":\"alert\"", output);
        Assert.Contains("\"event\":\"reconciliation\"", output);
        Assert.Equal(output.Split('\n'), events.Split('\n'));
    }
}
