using Microsoft.Data.Sqlite;

namespace GpuWatch.Store.Sqlite;

/// <summary>
/// Writes batches, each in one transaction: whole or not at all, also when the program is killed. WAL lets queries read meanwhile;
/// synchronous = NORMAL means a power failure may cost the last seconds but never the database. Not thread-safe.
/// </summary>
internal sealed class StoreWriter : IDisposable
{
    private const double PurgeEverySeconds = 3600;

    private readonly SqliteConnection connection;
    private readonly StoreInsert gpu, process, identity, rollup, happened, run;
    private double purgedSeconds = double.NegativeInfinity;

    /// <param name="mostPages">Pages of 4 KiB the database may have.</param>
    public StoreWriter(string path, long mostPages)
    {
        connection = StoreFile.OpenToWrite(path);
        try
        {
            StoreSchema.Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216");
            // Rows come in order of time, so the pages that are written are few: 0.5 MB of them are kept instead of 2.
            StoreSchema.Execute(connection, $"PRAGMA max_page_count = {mostPages}; PRAGMA cache_size = -512");
            StoreSchema.Migrate(connection, path);
            gpu = new(connection, "INSERT OR REPLACE INTO gpu_sample VALUES($0, $1, $2, $3, $4, $5)", 6);
            process = new(connection, "INSERT OR REPLACE INTO process_sample VALUES($0, $1, $2, $3, $4, $5)", 6);
            // An agent that starts again knows the same process anew: it is one row while the newest of that pid says the same.
            identity = new(
                connection,
                """
                INSERT OR REPLACE INTO process SELECT $0, $1, $2, $3, $4, $5, $6, $7
                WHERE NOT EXISTS (SELECT 1 FROM (SELECT start_ticks, name FROM process WHERE pid = $0 ORDER BY first_seen DESC LIMIT 1)
                    WHERE start_ticks IS $2 AND name IS $3)
                """,
                8);
            rollup = new(
                connection,
                """
                INSERT INTO rollup VALUES($0, $1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT DO UPDATE SET used_min = min(used_min, excluded.used_min), used_max = max(used_max, excluded.used_max),
                used_mean = (used_mean * samples + excluded.used_mean * excluded.samples) / (samples + excluded.samples),
                samples = samples + excluded.samples
                """,
                8);
            happened = new(connection, "INSERT INTO event(t, gpu, pid, json) VALUES($0, $1, $2, $3)", 4);
            run = new(
                connection,
                "INSERT INTO run(started_s, ended_s, gpu, pid, exited, observed_peak, estimated_peak, job, json, driver, framework) "
                    + "VALUES($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                11);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <param name="nowSeconds">By the clock. Samples that claim to be of a later time make nothing older than it is.</param>
    public void Write(StoreBatch batch, double nowSeconds)
    {
        var now = Math.Min(batch.LatestSeconds, nowSeconds);
        if (now - purgedSeconds >= PurgeEverySeconds)
        {
            // Before the insert and by itself: what it frees is what a full database needs.
            Transact(() => Purge(now));
            purgedSeconds = now;
        }
        Transact(() => Insert(batch));
    }

    public void Dispose()
    {
        foreach (var statement in (StoreInsert[])[gpu, process, identity, rollup, happened, run])
        {
            statement.Dispose();
        }
        connection.Dispose();
    }

    private void Insert(StoreBatch batch)
    {
        foreach (var point in batch.Gpus)
        {
            gpu.Run(point.TimeSeconds, point.Gpu, point.Used, point.Total, point.Reserved, point.Free);
        }
        foreach (var point in batch.Processes)
        {
            process.Run(point.TimeSeconds, point.Gpu, point.Pid, point.Used, point.TorchAllocated, point.TorchReserved);
        }
        foreach (var who in batch.Identities)
        {
            identity.Run(who.Pid, who.TimeSeconds, who.StartTicks, who.Name, who.User, who.SlurmJob, who.Container, who.Pod);
        }
        foreach (var point in batch.Rollups)
        {
            rollup.Run(point.EverySeconds, point.TimeSeconds, point.Gpu, point.Pid ?? -1, point.Least, point.Mean, point.Most, point.Samples);
        }
        foreach (var point in batch.Events)
        {
            happened.Run(point.TimeSeconds, point.Gpu, point.Pid, point.Json);
        }
        foreach (var point in batch.Runs)
        {
            Insert(point);
        }
    }

    private void Insert(RunPoint point) => run.Run(
        point.StartedSeconds, point.Account.TimeSeconds, point.Account.Gpu, point.Account.Pid, point.Exited ? 1 : 0,
        point.Account.ObservedPeak!.Value.Count, point.Account.EstimatedPeak?.Count, point.Job is { } job ? JobJson.Write(job) : null, point.Json, point.Driver, point.Framework);

    private void Purge(double nowSeconds)
    {
        foreach (var level in Retention.Levels)
        {
            var cutoff = Retention.Cutoff(level, nowSeconds);
            if (level.EverySeconds == 0)
            {
                Delete("DELETE FROM gpu_sample WHERE t < $0", cutoff);
                Delete("DELETE FROM process_sample WHERE t < $0", cutoff);
            }
            else
            {
                Delete("DELETE FROM rollup WHERE t < $0 AND every_s = $1", cutoff, level.EverySeconds);
            }
        }
        var oldest = Retention.Cutoff(Retention.Coarsest, nowSeconds);
        Delete("DELETE FROM event WHERE t < $0", oldest);
        // Who has run for longer than anything is kept still has samples of the last day.
        Delete("DELETE FROM process WHERE first_seen < $0 AND pid NOT IN (SELECT pid FROM process_sample)", oldest);
    }

    private void Delete(string sql, params ReadOnlySpan<object?> values)
    {
        using var delete = new StoreInsert(connection, sql, values.Length);
        delete.Run(values);
    }

    private void Transact(Action work)
    {
        StoreSchema.Execute(connection, "BEGIN IMMEDIATE");
        try
        {
            work();
            StoreSchema.Execute(connection, "COMMIT");
        }
        catch
        {
            Rollback();
            throw;
        }
    }

    private void Rollback()
    {
        try
        {
            StoreSchema.Execute(connection, "ROLLBACK");
        }
        catch (SqliteException)
        {
            // A full disk makes SQLite roll back by itself; then there is nothing left to do here.
        }
    }
}
