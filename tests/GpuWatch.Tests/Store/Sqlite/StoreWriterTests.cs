using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;
using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;
using Microsoft.Data.Sqlite;

namespace GpuWatch.Tests.Store.Sqlite;

public sealed class StoreWriterTests : IDisposable
{
    private const long NoLimit = 1_000_000;
    /// <summary>Later than all samples of these tests.</summary>
    private const double Now = 1e12;
    private const double Day = 86400;
    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("state/gpuwatch.db");

    [Fact]
    public void The_parts_of_a_span_that_was_interrupted_become_one_point()
    {
        using (var writer = new StoreWriter(Path, NoLimit))
        {
            writer.Write(Of(0, new RollupPoint(10, 0, 0, 7, Least: 1, Mean: 2, Most: 3, Samples: 2)), Now);
            writer.Write(Of(5, new RollupPoint(10, 0, 0, 7, Least: 0, Mean: 6, Most: 9, Samples: 6)), Now);
        }

        Assert.Equal("0|5|9|8", Single("SELECT used_min, used_mean, used_max, samples FROM rollup"));
    }

    [Fact]
    public void Each_level_forgets_after_its_time()
    {
        using (var writer = new StoreWriter(Path, NoLimit))
        {
            foreach (var daysAgo in (double[])[100, 80, 8, 6, 2, 0.5])
            {
                var time = 1_000 * Day - daysAgo * Day;
                var batch = Of(time, new RollupPoint(10, time, 0, null, 1, 1, 1, 1), new RollupPoint(60, time, 0, null, 1, 1, 1, 1));
                batch.Gpus.Add(new GpuPoint(time, 0, 1, 2, null, null));
                batch.Processes.Add(new ProcessPoint(time, 0, 7, 1, null, null));
                batch.Events.Add(new EventPoint(time, 0, null, "{}"));
                writer.Write(batch, Now);
            }
            writer.Write(Of(1_000 * Day, new RollupPoint(60, 1_000 * Day, 0, null, 1, 1, 1, 1)), Now);
        }

        Assert.Equal("1|1", Single("SELECT (SELECT count(*) FROM gpu_sample), (SELECT count(*) FROM process_sample)"));
        Assert.Equal("3", Single("SELECT count(*) FROM rollup WHERE every_s = 10"));
        Assert.Equal("6", Single("SELECT count(*) FROM rollup WHERE every_s = 60"));
        Assert.Equal("5", Single("SELECT count(*) FROM event"));
    }

    [Fact]
    public void A_batch_is_stored_whole_or_not_at_all_and_the_store_recovers_when_there_is_room_again()
    {
        using (var small = new StoreWriter(Path, mostPages: 24))
        {
            var full = Assert.Throws<SqliteException>(() => small.Write(Many(0, 10_000), Now));

            Assert.Contains("is full", StoreTrouble.InWords(full, Path));
            Assert.Equal("0", Single("SELECT count(*) FROM gpu_sample"));
            small.Write(Many(0, 10), Now);
        }
        using (var large = new StoreWriter(Path, NoLimit))
        {
            large.Write(Many(1, 10_000), Now);
        }

        Assert.Equal("10010", Single("SELECT count(*) FROM gpu_sample"));
        Assert.Equal("ok", Single("PRAGMA integrity_check"));
    }

    [Fact]
    public void Samples_that_claim_to_be_of_the_future_push_nothing_out()
    {
        using (var writer = new StoreWriter(Path, NoLimit))
        {
            writer.Write(Many(0, 100), 100);
            writer.Write(new StoreBatch { LatestSeconds = 100 * 365 * 86400.0 }, 101);
        }

        Assert.Equal("100", Single("SELECT count(*) FROM gpu_sample"));
    }

    [Fact]
    public void Only_its_owner_may_read_the_store()
    {
        using var writer = new StoreWriter(Path, NoLimit);
        writer.Write(Many(0, 1), Now);

        var state = System.IO.Path.GetDirectoryName(Path)!;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(state).UnixFileMode);
        Assert.Equal(3, Directory.GetFiles(state).Length);
        Assert.All(Directory.GetFiles(state), file =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(file).UnixFileMode));
    }

    [Fact]
    public void A_store_of_a_newer_version_is_left_alone()
    {
        using (new StoreWriter(Path, NoLimit))
        {
        }
        Single("PRAGMA user_version = 99");

        var bad = Assert.Throws<BadInputException>(() => new StoreWriter(Path, NoLimit));

        Assert.Equal($"{Path}: the store has version 99, written by a newer gpuwatch; expected version 3 or older: update gpuwatch or choose another store", bad.Message);
    }

    [Fact]
    public void A_process_is_one_row_until_its_pid_is_another_one()
    {
        foreach (var (time, start, name) in ((double, long, string)[])[(1, 70, "python"), (5, 70, "python"), (9, 71, "python"), (12, 71, "torchrun")])
        {
            using var writer = new StoreWriter(Path, NoLimit);
            var batch = Of(time);
            batch.Identities.Add(new IdentityPoint(time, 7, start, name, null, null, null, null));
            writer.Write(batch, Now);
        }

        Assert.Equal("1.0,9.0,12.0", Single("SELECT group_concat(first_seen) FROM process"));
    }

    [Fact]
    public void A_process_is_forgotten_with_its_last_sample()
    {
        using (var writer = new StoreWriter(Path, NoLimit))
        {
            var batch = Of(0);
            batch.Identities.Add(new IdentityPoint(0, 7, null, "gone", null, null, null, null));
            batch.Identities.Add(new IdentityPoint(0, 8, null, "old", null, null, null, null));
            writer.Write(batch, Now);
            var later = Of(89.5 * Day);
            later.Processes.Add(new ProcessPoint(89.5 * Day, 0, 8, 1, null, null));
            writer.Write(later, Now);
            writer.Write(Of(90.2 * Day), Now);
        }

        Assert.Equal("old", Single("SELECT group_concat(name) FROM process"));
    }

    [Fact]
    public void A_file_that_is_no_store_is_named_not_overwritten()
    {
        var file = folder.File("notes.txt", new string('x', 5000));

        var failure = Assert.Throws<SqliteException>(() => new StoreWriter(file, NoLimit));

        Assert.True(StoreTrouble.Is(failure));
        Assert.Contains("is no store of gpuwatch", StoreTrouble.InWords(failure, file));
        Assert.Equal(new string('x', 5000), File.ReadAllText(file));
    }

    [Fact]
    public void Runs_that_came_to_their_end_are_read_back_with_their_job_driver_and_framework()
    {
        var job = new Job { ModelName = "m", Method = "lora", LoraRank = 8, LoraDropout = 0.05, Packing = true };
        var account = new Reconciled(50, 0, 7, new Bytes(123), new Bytes(100), null, null, new Bridge(new Bytes(123), null, null, new Bytes(123)), null);
        var batch = new StoreBatch { LatestSeconds = 50 };
        batch.Runs.Add(new RunPoint(1, Exited: true, job, account, "{}", "550.54", "axolotl"));
        batch.Runs.Add(new RunPoint(1, Exited: false, job, account, "{}"));
        batch.Runs.Add(new RunPoint(1, Exited: true, null, account, "{}"));
        using (var writer = new StoreWriter(Path, NoLimit))
        {
            writer.Write(batch, Now);
        }

        using var query = new StoreQuery(Path);

        Assert.Equal([new FinishedRun(job, new Bytes(123), "550.54", "axolotl")], query.FinishedRuns());
    }

    public void Dispose() => folder.Dispose();

    private static StoreBatch Of(double time, params RollupPoint[] points)
    {
        var batch = new StoreBatch { LatestSeconds = time };
        batch.Rollups.AddRange(points);
        return batch;
    }

    private static StoreBatch Many(int gpu, int count)
    {
        var batch = new StoreBatch { LatestSeconds = count };
        batch.Gpus.AddRange(Enumerable.Range(0, count).Select(time => new GpuPoint(time, gpu, time, 1 << 30, null, null)));
        return batch;
    }

    private string Single(string sql)
    {
        using var connection = StoreFile.OpenToWrite(Path);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        return reader.Read() ? string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => reader.GetValue(column))) : "";
    }
}
