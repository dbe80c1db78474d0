using System.Diagnostics;
using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using GpuWatch.Sinks;
using GpuWatch.Store.Influx;
using GpuWatch.Store.LineProtocol;
using GpuWatch.Store.Spool;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>Against influxd 1.6.7, as Debian ships it.</summary>
[Trait("Category", "Servers")]
public sealed class InfluxServerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SinkCounters counters = new("influxdb");

    public void Dispose() => folder.Dispose();

    [ToolFact("influxd")]
    public async Task Every_point_written_reads_back_as_it_was()
    {
        using var server = await ServerProcess.InfluxDb();
        var points = SomePoint.Arbitrary.Generator.Sample(400, 8).Select((point, i) => Sendable(point, i)).Where(point => point.Fields.Count > 0).ToList();
        var line = new LineWriter();
        Assert.All(points, point => Assert.True(point.AppendTo(line)));
        var answer = await Client(server).SendAsync(new Batch(0, line.Lines, Gzip.Compress(line.Written)), default);
        Assert.Equal(Answer.Stored, answer);

        foreach (var point in points)
        {
            AssertReadsBack(point, await QueryAsync(server, $"SELECT * FROM \"{point.Measurement}\""));
        }
    }

    [ToolFact("influxd")]
    public async Task Bad_lines_are_counted_and_the_good_lines_beside_them_are_stored()
    {
        using var server = await ServerProcess.InfluxDb();
        var answer = await SendAsync(server, "m v=1i 1\nm v= 2\nm v=3i 3\nm oops 4\n", 4);

        Assert.Equal((Outcome.Refused, 2), (answer.Outcome, answer.RefusedPoints));
        Assert.Equal(2, Rows(await QueryAsync(server, "SELECT v FROM m")).Count);
    }

    [ToolFact("influxd")]
    public async Task A_type_conflict_costs_only_the_points_that_conflict()
    {
        using var server = await ServerProcess.InfluxDb();
        await SendAsync(server, "m v=1i 1\n", 1);
        var answer = await SendAsync(server, "m v=2.5 2\nm v=3i 3\n", 2);

        Assert.Equal((Outcome.Refused, 1), (answer.Outcome, answer.RefusedPoints));
        Assert.Equal(2, Rows(await QueryAsync(server, "SELECT v FROM m")).Count);
    }

    [ToolFact("influxd")]
    public async Task A_database_that_is_not_there_bars_the_sink()
    {
        using var server = await ServerProcess.InfluxDb();
        var answer = await new InfluxClient(Options(server) with { Bucket = "nope" }, TimeProvider.System).SendAsync(new Batch(0, 1, Gzip.Compress("m v=1 1\n"u8)), default);

        Assert.Equal(Outcome.Barred, answer.Outcome);
        Assert.Contains("nope", answer.Reason);
    }

    /// <summary>Issue 5: killed for 30 s under load and started again: nothing missing, nothing double.</summary>
    [ToolFact("influxd")]
    public async Task A_server_killed_for_30_s_under_load_misses_nothing_and_has_nothing_twice()
    {
        using var server = await ServerProcess.InfluxDb();
        const int PerSecond = 10, Processes = 96;
        var watch = Stopwatch.StartNew();
        var (sweeps, longest) = (0, TimeSpan.Zero);
        await using (var sink = new InfluxSink(Options(server), new("node-1", _ => null, process => new(process.Pid!.Value, Name: "python"), (_, _) => null), counters, _ => { }, TimeProvider.System))
        {
            await FeedAsync(until: 3);
            server.Kill();
            await FeedAsync(until: 33);
            Assert.NotNull(counters.Problem);
            Assert.NotEmpty(Directory.GetFiles(folder.File("spool"), "*.spool"));
            await server.StartAsync();
            await FeedAsync(until: 36);
            await Eventually.HoldsAsync(() => counters.Written == (long)sweeps * (Processes + 1), 30, "all is delivered");

            async Task FeedAsync(double until)
            {
                using var load = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
                while (watch.Elapsed.TotalSeconds < until && await load.WaitForNextTickAsync())
                {
                    var before = watch.Elapsed;
                    sink.Accept(Sweeps.Of(1_700_000_000 + (sweeps / (double)PerSecond), usedMiB: sweeps++, processes: Processes));
                    longest = Max(longest, watch.Elapsed - before);
                }
            }
        }

        Assert.Equal((0, 0), (counters.Dropped, counters.Rejected));
        // One that waited for the dead server would wait for most of its 30 s; this machine may be loaded.
        Assert.True(longest < Seconds(5), $"taking a sweep took {longest}");
        foreach (var pid in (int[])[1000, 1000 + Processes - 1])
        {
            var rows = Rows(await QueryAsync(server, $"SELECT mem_used FROM gpu_process WHERE pid='{pid}'"));
            Assert.Equal(Enumerable.Range(0, sweeps).Select(i => (long)i << 20), rows.Select(row => row[1].GetInt64()));
        }
        var total = Rows(await QueryAsync(server, "SELECT count(mem_used) FROM gpu_process"))[0][1].GetInt64();
        Assert.Equal((long)sweeps * Processes, total);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>A measurement of its own, and keys that no tag and field share, so that a row can be told apart again.</summary>
    private static SomePoint Sendable(SomePoint point, int i)
    {
        var cleaned = point.Cleaned();
        return cleaned with
        {
            Measurement = $"m{i}",
            Tags = new(cleaned.Tags.ToDictionary(tag => "t" + tag.Key, tag => tag.Value), StringComparer.Ordinal),
            Fields = new(cleaned.Fields.ToDictionary(field => "f" + field.Key, field => field.Value), StringComparer.Ordinal),
            Time = point.Time % 1_000_000_000_000,
        };
    }

    private static void AssertReadsBack(SomePoint point, JsonElement answer)
    {
        var series = answer.GetProperty("results")[0].GetProperty("series")[0];
        var columns = series.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!).ToList();
        var values = series.GetProperty("values")[0].EnumerateArray().ToList();
        Assert.Equal(point.Time, values[0].GetInt64());
        var row = columns.Zip(values).Skip(1).Where(cell => cell.Second.ValueKind != JsonValueKind.Null).ToDictionary(cell => cell.First, cell => cell.Second);
        Assert.Equal(point.Tags.Count + point.Fields.Count, row.Count);
        Assert.All(point.Tags, tag => Assert.Equal(tag.Value, row[tag.Key].GetString()));
        Assert.All(point.Fields, field => Assert.Equal(field.Value, field.Value switch
        {
            long => row[field.Key].GetInt64(),
            double => row[field.Key].GetDouble(),
            bool => row[field.Key].GetBoolean(),
            _ => (object)row[field.Key].GetString()!,
        }));
    }

    private static List<List<JsonElement>> Rows(JsonElement answer) =>
        answer.GetProperty("results")[0].TryGetProperty("series", out var series)
            ? series[0].GetProperty("values").EnumerateArray().Select(row => row.EnumerateArray().ToList()).ToList()
            : [];

    private static async Task<JsonElement> QueryAsync(ServerProcess server, string query) =>
        JsonDocument.Parse(await server.GetAsync($"query?db=gpuwatch&epoch=ms&q={Uri.EscapeDataString(query)}")).RootElement;

    private Task<Answer> SendAsync(ServerProcess server, string lines, int points) =>
        Client(server).SendAsync(new Batch(0, points, Gzip.Compress(Encoding.UTF8.GetBytes(lines))), default);

    private InfluxClient Client(ServerProcess server) => new(Options(server), TimeProvider.System);

    private InfluxOptions Options(ServerProcess server) => new()
    {
        Url = server.Url,
        Api = InfluxApi.V1,
        FlushEvery = Seconds(0.5),
        LongestPause = Seconds(2),
        Spool = folder.File("spool"),
    };
}
