using GpuWatch.Core.Units;
using Microsoft.Data.Sqlite;

namespace GpuWatch.Store.Sqlite;

/// <summary>Why the store cannot be written or read, in words that say what to do.</summary>
internal static class StoreTrouble
{
    private const int Busy = 5, Locked = 6, ReadOnly = 8, Io = 10, Corrupt = 11, Full = 13, CannotOpen = 14, NoDatabase = 26;

    /// <summary>The store failed: it is told, and tried again.</summary>
    public static bool Is(Exception failure) =>
        failure is SqliteException or IOException or UnauthorizedAccessException or BadInputException;

    public static string InWords(Exception failure, string path) => failure switch
    {
        SqliteException { SqliteErrorCode: Full } => $"the disk of {path} is full or the store has reached its limit: free some space, or raise store.max_mib",
        SqliteException { SqliteErrorCode: ReadOnly } => $"{path} is read-only: let this user write it, or choose another store",
        SqliteException { SqliteErrorCode: CannotOpen } => $"{path} cannot be opened: let this user write its folder, or choose another store",
        SqliteException { SqliteErrorCode: Corrupt or NoDatabase } => $"{path} is no store of gpuwatch, or is damaged: move it away, and a new one is made",
        SqliteException { SqliteErrorCode: Busy or Locked } => $"{path} is locked by another program: is a second agent running?",
        SqliteException { SqliteErrorCode: Io } => $"{path} cannot be read or written (I/O error): check the disk",
        BadInputException bad => bad.Message,
        _ => $"{path}: {failure.Message}",
    };
}
