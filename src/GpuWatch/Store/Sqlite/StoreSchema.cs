using GpuWatch.Core.Units;
using Microsoft.Data.Sqlite;

namespace GpuWatch.Store.Sqlite;

/// <summary>The tables, as steps from each version to the next. A step that has been released is never changed.</summary>
internal static class StoreSchema
{
    private static readonly string[] Steps =
    [
        """
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
        """,
        """
        CREATE TABLE process(pid INTEGER NOT NULL, first_seen REAL NOT NULL, start_ticks INTEGER, name TEXT, user TEXT, slurm_job TEXT, container TEXT, pod TEXT,
            PRIMARY KEY(pid, first_seen)) WITHOUT ROWID;
        """,
        """
        ALTER TABLE run ADD COLUMN driver TEXT;
        ALTER TABLE run ADD COLUMN framework TEXT;
        """,
    ];

    public static int Newest => Steps.Length;

    /// <summary>Brings the database to the newest version, step by step, each whole or not at all.</summary>
    /// <exception cref="BadInputException">It was written by a newer gpuwatch.</exception>
    public static void Migrate(SqliteConnection connection, string path)
    {
        for (var version = Version(connection); version != Newest; version++)
        {
            if (version > Newest)
            {
                throw new BadInputException(
                    path, $"the store has version {version}, written by a newer gpuwatch", $"expected version {Newest} or older: update gpuwatch or choose another store");
            }
            using var step = connection.BeginTransaction();
            Execute(connection, Steps[version]);
            Execute(connection, $"PRAGMA user_version = {version + 1}");
            step.Commit();
        }
    }

    public static int Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
