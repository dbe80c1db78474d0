using System.Text;
using GpuWatch.Store.Influx;
using GpuWatch.Store.Spool;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The whole agent, as a process, on the simulated node.</summary>
[Trait("Category", "Servers")]
public sealed class AgentToInfluxTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [ToolFact("influxd")]
    public async Task The_simulated_node_arrives_in_InfluxDB()
    {
        using var server = await ServerProcess.InfluxDb();
        using (var agent = RunningAgent.WithConfig(Config(server.Url), null, "--listen", "none", "--period", "100ms"))
        {
            await Eventually.HoldsAsync(
                async () => (await server.GetAsync("query?db=gpuwatch&q=SELECT%20count(mem_used)%20FROM%20gpu%20GROUP%20BY%20gpu")).Contains("\"count\""),
                TimeSpan.FromSeconds(30), () => "points arrived: " + string.Join("; ", agent.Errors));
            Assert.Equal(130, agent.Stop());
        }
        var measurements = await server.GetAsync("query?db=gpuwatch&q=SHOW%20MEASUREMENTS");
        Assert.Contains("gpu_process", measurements);
    }

    /// <summary>Issue 5: kill -9 in the middle of a drain loses no accepted point.</summary>
    [Fact]
    public async Task Killed_in_the_middle_of_a_drain_it_goes_on_where_it_was_and_loses_nothing()
    {
        await using var stub = await InfluxStub.StartAsync("/write?db=gpuwatch&precision=ms", null);
        stub.Down = 503;
        List<LineReader> accepted;
        int stored;
        using (var agent = RunningAgent.WithConfig(Config(stub.Url, "batch_points: 5"), null, "--listen", "none", "--period", "100ms"))
        {
            await Eventually.HoldsAsync(() => Spooled() > 40_000, 60, () => "an outage fills the spool: " + string.Join("; ", agent.Errors));
            accepted = Accepted();
            // Twenty requests are answered, and the one after them never is.
            var answered = new SemaphoreSlim(20);
            var before = stub.Requests.Count;
            stub.OnRequest = _ => answered.WaitAsync();
            stub.Down = null;
            await Eventually.HoldsAsync(() => stub.Requests.Count > before + 20, 30, "the drain is in its middle");
            agent.Kill();
            stored = stub.Lines.Count;
            Assert.True(Spooled() > 0, "it was killed before the drain was over");
        }
        stub.OnRequest = _ => Task.CompletedTask;
        using (var agent = RunningAgent.WithConfig(Config(stub.Url, "batch_points: 5"), null, "--listen", "none"))
        {
            await Eventually.HoldsAsync(() => stub.Lines.Count > stored && Spooled() == 0, 30, "the rest is drained");
            agent.Stop();
        }

        Assert.Empty(stub.Mistakes);
        Assert.InRange(accepted.Count, 300, int.MaxValue);
        Assert.Empty(accepted.Select(Key).Except(stub.Lines.Select(Key)));
        var sent = stub.Lines.Where(line => line.Measurement == "gpu").Select(Key).ToList();
        Assert.InRange(sent.Count - sent.Distinct().Count(), 0, 8);
        Assert.Equal(sent.Distinct().OrderBy(key => key.Time), sent.Distinct());
    }

    /// <summary>What names a point: the batch in flight when it was killed comes twice, and is the same points to the server.</summary>
    private static (string Measurement, long Time, string Tags) Key(LineReader line) =>
        (line.Measurement, line.Time, string.Join(',', line.Tags.Select(tag => tag.Key + "=" + tag.Value)));

    /// <summary>What the spool holds now, read from a copy of it.</summary>
    private List<LineReader> Accepted()
    {
        var copy = folder.File("copy");
        Directory.CreateDirectory(copy);
        foreach (var path in Directory.GetFiles(folder.File("spool"), "*.spool"))
        {
            File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
        }
        using var spool = new DiskSpool(copy, 1 << 30, _ => Assert.Fail("nothing is damaged"));
        var lines = new List<LineReader>();
        while (spool.Peek() is { } batch)
        {
            lines.AddRange(Encoding.UTF8.GetString(Gzip.Decompress(batch.Content)).TrimEnd('\n').Split('\n').Select(LineReader.Read));
            spool.Remove(batch);
        }
        return lines;
    }

    /// <summary>A segment may be gone as soon as it is listed: the agent drains them meanwhile.</summary>
    private long Spooled() => Directory.Exists(folder.File("spool"))
        ? Directory.GetFiles(folder.File("spool"), "*.spool").Sum(path => new FileInfo(path) is { Exists: true } segment ? segment.Length : 0)
        : 0;

    private string Config(Uri url, string more = "") => folder.File("gpuwatch.yaml", $"""
        influx:
          url: {url}
          api: v1
          flush_every: 50ms
          longest_pause: 500ms
          spool: {folder.File("spool")}
          {more}
        """);
}
