namespace GpuWatch.Store.Sqlite;

/// <summary>How long to wait before a write that failed is tried again: 1 s, then twice as long each time, at most a minute.</summary>
internal static class StorePauses
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <param name="failures">In a row, from 1.</param>
    public static TimeSpan After(int failures) =>
        TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, Math.Pow(2, Math.Clamp(failures, 1, 30) - 1)));
}
