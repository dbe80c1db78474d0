using System.Globalization;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Sinks;
using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Store.Sqlite;

public sealed class SqliteSinkTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ManualTime time = new();
    private readonly SinkCounters counters = new("sqlite");
    private readonly List<string> said = [];

    private string Path => folder.File("state/gpuwatch.db");

    [Fact]
    public async Task Nothing_is_written_before_the_flush_and_all_of_it_then()
    {
        var digested = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var sink = Start(json: happened =>
        {
            digested.SetResult();
            return EventJson.Line(happened);
        });
        sink.Accept(StoredSweeps.At(0, used: 1));
        await time.Waited();
        sink.Accept(StoredSweeps.At(1, used: 2));
        sink.Accept(new PhaseChanged(1, 0, null, JobPhase.Loading));
        Assert.False(File.Exists(Path));

        time.Advance(TimeSpan.FromSeconds(5));
        // What comes after the batch was taken belongs to the next one; that the sink waits for it tells that this one is written.
        await digested.Task;
        sink.Accept(StoredSweeps.At(2, used: 3));
        await time.Waited();

        Assert.Equal(2, Rows("gpu").Count);
        Assert.Equal("{\"t\":1,\"event\":\"phase\",\"gpu\":0,\"pid\":null,\"phase\":\"loading\"}", Assert.Single(Rows("events")));
        Assert.Equal(3, counters.Written);
    }

    [Fact]
    public async Task The_end_writes_what_is_left_at_once_with_the_open_spans()
    {
        var sink = Start();
        sink.Accept(StoredSweeps.At(0, used: 1, (7, 1)));

        await sink.DisposeAsync();

        Assert.Single(Rows("process"));
        Assert.Single(Rows("process", Retention.Levels[1]));
        Assert.Single(Rows("gpu", Retention.Levels[2]));
        Assert.Equal(0, counters.Dropped);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_is_told_once_and_recovers_with_what_had_waited()
    {
        var obstacle = folder.File("state", "this file is where the folder should be");
        await using var sink = Start();
        sink.Accept(StoredSweeps.At(0, used: 1));
        await time.Waited();
        time.Advance(TimeSpan.FromSeconds(5));
        await time.Waited();
        time.Advance(StorePauses.After(1));
        await time.Waited();
        Assert.StartsWith("the store is not written, sampling goes on: ", Assert.Single(said));
        Assert.NotNull(counters.Problem);

        File.Delete(obstacle);
        time.Advance(StorePauses.After(2));
        sink.Accept(StoredSweeps.At(1, used: 2));
        await time.Waited();

        Assert.Single(Rows("gpu"));
        Assert.Equal($"the store {Path} is written again; 0 points were dropped so far", said[1]);
        Assert.Null(counters.Problem);
    }

    [Fact]
    public async Task A_full_store_is_told_what_does_not_fit_is_counted_and_what_fits_is_written()
    {
        var sink = Start(maxMiB: 1);
        for (var gpuUse = 0; gpuUse < 900; gpuUse++)
        {
            sink.Accept(StoredSweeps.At(gpuUse, gpuUse, [.. Enumerable.Range(1, 60).Select(pid => (pid, (long?)gpuUse))]));
        }

        await sink.DisposeAsync();

        Assert.Contains("is full or the store has reached its limit: free some space, or raise store.max_mib", said[0]);
        Assert.True(counters.Dropped > 50_000, $"{counters.Dropped} dropped");
        Assert.Empty(Rows("gpu"));
        Assert.EndsWith($"is written again; {counters.Dropped} points were dropped so far", said[1]);
        Assert.Single(Rows("gpu", Retention.Coarsest));
    }

    [SmallDiskFact]
    public async Task A_disk_that_is_full_is_told_and_what_had_waited_is_written_when_there_is_room_again()
    {
        using var disk = new TemporaryFolder();
        Assert.True(SmallDisk.Mount(disk.Path, 512));
        try
        {
            var filler = disk.File("filler", new byte[420 << 10]);
            await using (var sink = new SqliteSink(
                new StoreOptions { Path = disk.File("gpuwatch.db") }, EventJson.Line, (_, _) => null, Nobody, _ => null, counters, said.Add, time))
            {
                for (var second = 0; second < 60; second++)
                {
                    sink.Accept(StoredSweeps.At(second, second, [.. Enumerable.Range(1, 60).Select(pid => (pid, (long?)second))]));
                }
                await time.Waited();
                time.Advance(TimeSpan.FromSeconds(5));
                await time.Waited();
                Assert.Contains("is full", Assert.Single(said));

                File.Delete(filler);
                time.Advance(StorePauses.After(1));
                sink.Accept(StoredSweeps.At(60, used: 60));
                await time.Waited();
                Assert.Contains("is written again; 0 points were dropped", said[1]);
            }

            using var query = new StoreQuery(disk.File("gpuwatch.db"));
            var rows = 0;
            query.Read(new StoreQuestion("process", 0, 60, Retention.Raw, null, null), reader => rows = Count(reader));
            Assert.Equal(3600, rows);
        }
        finally
        {
            SmallDisk.Unmount(disk.Path);
        }
    }

    [Fact]
    public async Task Accepting_never_waits_and_drops_the_oldest_when_the_store_is_slow()
    {
        var sink = Start(queue: 16);
        sink.Accept(StoredSweeps.At(0, used: 1));
        await time.Waited();

        for (var second = 1; second <= 100; second++)
        {
            sink.Accept(StoredSweeps.At(second, second));
        }
        await sink.DisposeAsync();

        Assert.InRange(counters.Dropped, 84, 85);
        Assert.Equal(100, Latest());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(7, 60)]
    [InlineData(1_000_000, 60)]
    public void Pauses_between_attempts_double_up_to_a_minute(int failures, double seconds) =>
        Assert.Equal(seconds, StorePauses.After(failures).TotalSeconds);

    public void Dispose() => folder.Dispose();

    private static ProcessFacts Nobody(ProcessReading process) => new(process.Pid!.Value);

    private SqliteSink Start(int queue = 1024, int maxMiB = 64, Func<WatchEvent, string>? json = null) => new(
        new StoreOptions { Path = Path, Queue = queue, MaxMiB = maxMiB }, json ?? EventJson.Line, (_, _) => null, Nobody, _ => null, counters, said.Add, time);

    private List<string> Rows(string series, RetentionLevel? level = null)
    {
        var rows = new List<string>();
        using var query = new StoreQuery(Path);
        query.Read(new StoreQuestion(series, 0, double.MaxValue, level ?? Retention.Raw, null, null), reader =>
        {
            while (reader.Read())
            {
                rows.Add(Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)!);
            }
        });
        return rows;
    }

    private static int Count(Microsoft.Data.Sqlite.SqliteDataReader reader)
    {
        var rows = 0;
        while (reader.Read())
        {
            rows++;
        }
        return rows;
    }

    private double Latest() => Rows("gpu").Max(row => double.Parse(row, CultureInfo.InvariantCulture));
}
