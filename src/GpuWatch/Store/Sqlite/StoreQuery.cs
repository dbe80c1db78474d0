using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using Microsoft.Data.Sqlite;

namespace GpuWatch.Store.Sqlite;

/// <summary>What is asked of the store.</summary>
/// <param name="Series">gpu, process, events or runs.</param>
/// <param name="SinceSeconds">Unix seconds, included.</param>
/// <param name="UntilSeconds">Unix seconds, excluded.</param>
/// <param name="Gpu">Null: all.</param>
/// <param name="Pid">Null: all.</param>
internal sealed record StoreQuestion(string Series, double SinceSeconds, double UntilSeconds, RetentionLevel Level, int? Gpu, int? Pid);

/// <summary>A declared job that was watched to its end.</summary>
/// <param name="Driver">Version of the GPU's driver; null = it was not told.</param>
/// <param name="Framework">What trained, as its command line names it; null = it names none that is known.</param>
internal readonly record struct FinishedRun(Job Job, Bytes ObservedPeak, string? Driver, string? Framework);

/// <summary>Reads the store while the agent writes it.</summary>
internal sealed class StoreQuery : IDisposable
{
    private readonly string path;
    private readonly SqliteConnection connection;

    /// <exception cref="BadInputException">There is no store there, or none this gpuwatch can read.</exception>
    public StoreQuery(string path)
    {
        this.path = path;
        if (!File.Exists(path))
        {
            throw new BadInputException(path, "there is no store", "expected the database of an agent: run gpuwatch agent, or name another by --store");
        }
        connection = Told(() => StoreFile.OpenToRead(path));
        var version = Told(() => StoreSchema.Version(connection));
        if (version != StoreSchema.Newest)
        {
            connection.Dispose();
            throw new BadInputException(path, $"the store has version {version}", $"expected version {StoreSchema.Newest}: start the agent of this gpuwatch once, which brings it up to date");
        }
    }

    /// <summary>Hands each row to <paramref name="take"/>, in order of time; the reader's columns are named.</summary>
    public void Read(StoreQuestion question, Action<SqliteDataReader> take)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Sql(question);
        command.Parameters.AddWithValue("$since", question.SinceSeconds);
        command.Parameters.AddWithValue("$until", question.UntilSeconds);
        command.Parameters.AddWithValue("$every", question.Level.EverySeconds);
        command.Parameters.AddWithValue("$gpu", (object?)question.Gpu ?? DBNull.Value);
        command.Parameters.AddWithValue("$pid", (object?)question.Pid ?? DBNull.Value);
        Told(() =>
        {
            using var reader = command.ExecuteReader();
            take(reader);
            return true;
        });
    }

    /// <summary>The runs that were watched to their end, for calibration.</summary>
    public IEnumerable<FinishedRun> FinishedRuns()
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, job, observed_peak, driver, framework FROM run WHERE exited = 1 AND job IS NOT NULL ORDER BY id";
        using var reader = Told(command.ExecuteReader);
        while (Told(reader.Read))
        {
            yield return new(
                JobJson.Read(reader.GetString(1), $"{path}: run {reader.GetInt64(0)}"), new Bytes(reader.GetInt64(2)), reader[3] as string, reader[4] as string);
        }
    }

    public void Dispose() => connection.Dispose();

    private static string Sql(StoreQuestion question)
    {
        const string Where = "WHERE t >= $since AND t < $until AND ($gpu IS NULL OR gpu = $gpu)";
        const string OfPid = " AND ($pid IS NULL OR pid = $pid)";
        var raw = question.Level.EverySeconds == 0;
        return question.Series switch
        {
            "gpu" when raw => $"SELECT t, gpu, used AS used_bytes, total AS total_bytes, reserved AS reserved_bytes, free AS free_bytes FROM gpu_sample {Where} ORDER BY t, gpu",
            "gpu" => $"SELECT t, gpu, {RollupColumns} FROM rollup {Where} AND every_s = $every AND pid = -1 ORDER BY t, gpu",
            "process" when raw => $"SELECT t, gpu, s.pid, {Who}, used AS used_bytes, torch_allocated AS torch_allocated_bytes, torch_reserved AS torch_reserved_bytes "
                + $"FROM (SELECT * FROM process_sample {Where}{OfPid}) s {Joined} t) ORDER BY t, gpu, s.pid",
            "process" => $"SELECT t, gpu, s.pid, {Who}, {RollupColumns} FROM (SELECT * FROM rollup {Where}{OfPid} AND every_s = $every AND pid >= 0) s {Joined} t + every_s) "
                + "ORDER BY t, gpu, s.pid",
            "events" => $"SELECT json FROM event {Where}{OfPid} ORDER BY t, id",
            "runs" => "SELECT started_s, ended_s, gpu, pid, exited, observed_peak AS observed_peak_bytes, estimated_peak AS estimated_peak_bytes, job FROM run "
                + "WHERE ended_s >= $since AND ended_s < $until AND ($gpu IS NULL OR gpu = $gpu)" + OfPid + " ORDER BY ended_s, id",
            _ => throw new ArgumentOutOfRangeException(nameof(question), question.Series, null),
        };
    }

    private const string Who = "name, user, slurm_job, container, pod";

    /// <summary>The last that was introduced under the pid until then.</summary>
    private const string Joined =
        "LEFT JOIN process p ON p.pid = s.pid AND p.first_seen = (SELECT max(first_seen) FROM process WHERE pid = s.pid AND first_seen <=";

    private const string RollupColumns =
        "used_min AS used_min_bytes, CAST(round(used_mean) AS INTEGER) AS used_mean_bytes, used_max AS used_max_bytes, samples";

    private T Told<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (StoreTrouble.Is(failure))
        {
            throw new BadInputException(path, StoreTrouble.InWords(failure, path), "expected the database of an agent");
        }
    }
}
