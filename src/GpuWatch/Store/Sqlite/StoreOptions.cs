using GpuWatch.Options;

namespace GpuWatch.Store.Sqlite;

/// <summary>The embedded store.</summary>
internal sealed record StoreOptions
{
    /// <summary>The database; null: nothing is stored ("none"). When nobody says it is <see cref="StoreFile.DefaultPath"/>.</summary>
    public string? Path { get; init; }

    /// <summary>Time between transactions. Default 5 s: what a kill -9 may cost.</summary>
    public TimeSpan FlushEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Sweeps and events that wait while the store cannot be written; the oldest are dropped, and counted. Default 1024.</summary>
    public int Queue { get; init; } = 1024;

    /// <summary>Size the database may grow to, in MiB. Default 4096.</summary>
    public int MaxMiB { get; init; } = 4096;

    /// <summary>Pages of SQLite's default size, 4 KiB.</summary>
    public long MaxPages => MaxMiB * 256L;

    public static StoreOptions From(SettingsSection section, Func<string, string?> environment)
    {
        var byDefault = new StoreOptions();
        return new StoreOptions
        {
            Path = section.TextOr(StoreFile.DefaultPath(environment), "path") switch
            {
                "" => StoreFile.DefaultPath(environment),
                "none" => null,
                var given => given,
            },
            FlushEvery = section.Duration("flush_every", byDefault.FlushEvery, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)),
            Queue = section.Count("queue", byDefault.Queue, 16, 1_000_000),
            MaxMiB = section.Count("max_mib", byDefault.MaxMiB, 1, 1_000_000),
        };
    }
}
