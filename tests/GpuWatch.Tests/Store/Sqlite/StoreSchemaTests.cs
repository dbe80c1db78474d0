using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;
using Microsoft.Data.Sqlite;

namespace GpuWatch.Tests.Store.Sqlite;

public sealed class StoreSchemaTests : IDisposable
{
    /// <summary>A store as the first gpuwatch wrote it; never to be changed.</summary>
    private const string Version1 = """
        CREATE TABLE gpu_sample(t REAL NOT NULL, gpu INTEGER NOT NULL, used INTEGER NOT NULL, total INTEGER NOT NULL, reserved INTEGER, free INTEGER,
            PRIMARY KEY(t, gpu)) WITHOUT ROWID;
        CREATE TABLE process_sample(t REAL NOT NULL, gpu INTEGER NOT NULL, pid INTEGER NOT NULL, used INTEGER, torch_allocated INTEGER, torch_reserved INTEGER,
            PRIMARY KEY(t, gpu, pid)) WITHOUT ROWID;
        CREATE TABLE rollup(every_s INTEGER NOT NULL, t REAL NOT NULL, gpu INTEGER NOT NULL, pid INTEGER NOT NULL,
            used_min INTEGER NOT NULL, used_mean REAL NOT NULL, used_max INTEGER NOT NULL, samples INTEGER NOT NULL,
            PRIMARY KEY(every_s, t, gpu, pid)) WITHOUT ROWID;
        CREATE TABLE event(id INTEGER PRIMARY KEY, t REAL NOT NULL, gpu INTEGER NOT NULL, pid INTEGER, json TEXT NOT NULL);
        CREATE INDEX event_by_time ON event(t);
        CREATE TABLE run(id INTEGER PRIMARY KEY, started_s REAL, ended_s REAL NOT NULL, gpu INTEGER NOT NULL, pid INTEGER, exited INTEGER NOT NULL,
            observed_peak INTEGER NOT NULL, estimated_peak INTEGER, job TEXT, json TEXT NOT NULL);
        INSERT INTO gpu_sample VALUES(1000.5, 0, 10, 100, NULL, 90);
        INSERT INTO process_sample VALUES(1000.5, 0, 7, 5, NULL, NULL);
        INSERT INTO rollup VALUES(60, 960, 0, 7, 1, 2.5, 9, 60);
        INSERT INTO event VALUES(1, 1000, 0, 7, '{"t":1000}');
        INSERT INTO run VALUES(1, 900, 1000, 0, 7, 1, 9, NULL, '{"method":"lora"}', '{}');
        PRAGMA user_version = 1;
        """;

    private readonly TemporaryFolder folder = new();

    public StoreSchemaTests()
    {
        using var connection = StoreFile.OpenToWrite(Store);
        StoreSchema.Execute(connection, Version1);
    }

    private string Store => folder.File("gpuwatch.db");

    [Fact]
    public void A_store_of_version_1_is_brought_up_to_date_with_all_that_was_in_it()
    {
        using (var writer = new StoreWriter(Store, mostPages: 1_000))
        {
            var batch = new StoreBatch { LatestSeconds = 1001 };
            batch.Processes.Add(new ProcessPoint(1001, 0, 7, 6, null, null));
            batch.Identities.Add(new IdentityPoint(1001, 7, 70, "python", "anna", null, null, null));
            writer.Write(batch, nowSeconds: 1e12);
        }

        Assert.Equal(["1000.5 5 ", "1001 6 python"], Rows("process", Retention.Raw, "t", "used_bytes", "name"));
        Assert.Equal(["1000.5 10"], Rows("gpu", Retention.Raw, "t", "used_bytes"));
        Assert.Equal(["960 60 python"], Rows("process", Retention.Coarsest, "t", "samples", "name"));
        Assert.Equal(["{\"t\":1000}"], Rows("events", Retention.Raw, "json"));
        Assert.Equal(["9"], Rows("runs", Retention.Raw, "observed_peak_bytes"));
    }

    [Fact]
    public void A_store_that_no_agent_has_brought_up_to_date_yet_says_so()
    {
        var (code, _, error) = Gpuwatch.Run("query", "--store", Store);

        Assert.Equal((2, $"gpuwatch: {Store}: the store has version 1; expected version 3: start the agent of this gpuwatch once, which brings it up to date\n"), (code, error));
    }

    [Fact]
    public void A_step_that_fails_leaves_the_version_before_it()
    {
        using var connection = StoreFile.OpenToWrite(Store);
        StoreSchema.Execute(connection, "CREATE TABLE process(in_the_way)");

        Assert.Throws<SqliteException>(() => StoreSchema.Migrate(connection, Store));

        Assert.Equal(1, StoreSchema.Version(connection));
    }

    public void Dispose() => folder.Dispose();

    private List<string> Rows(string series, RetentionLevel level, params string[] columns)
    {
        var rows = new List<string>();
        using var query = new StoreQuery(Store);
        query.Read(new StoreQuestion(series, 0, double.MaxValue, level, null, null), reader =>
        {
            while (reader.Read())
            {
                rows.Add(string.Join(' ', columns.Select(column => Convert.ToString(reader[column], System.Globalization.CultureInfo.InvariantCulture))));
            }
        });
        return rows;
    }
}
