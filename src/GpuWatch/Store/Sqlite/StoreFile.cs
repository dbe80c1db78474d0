using GpuWatch.Options;
using Microsoft.Data.Sqlite;

namespace GpuWatch.Store.Sqlite;

/// <summary>Where the store lies, and how it is opened.</summary>
internal static class StoreFile
{
    private const string Name = "gpuwatch.db";
    private const UnixFileMode OwnersFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static string DefaultPath(Func<string, string?> environment) => StateFolder.Of(environment, Name);

    /// <summary>Opens the store to write, and makes it if need be: only its owner may read it, for it tells who ran what.</summary>
    public static SqliteConnection OpenToWrite(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, OwnersFolder);
            }
        }
        if (!File.Exists(path))
        {
            // SQLite gives its -wal and -shm files the permissions of the database.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnersFile;
            }
            new FileStream(path, options).Dispose();
        }
        return Open(path, SqliteOpenMode.ReadWrite);
    }

    public static SqliteConnection OpenToRead(string path) => Open(path, SqliteOpenMode.ReadOnly);

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 5,
        }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
