namespace GpuWatch.Store.Sqlite;

/// <summary>How finely the past is kept, and for how long.</summary>
/// <param name="EverySeconds">Length of the spans; 0: as sampled.</param>
/// <param name="KeepSeconds">Older points are deleted.</param>
internal readonly record struct RetentionLevel(string Name, int EverySeconds, double KeepSeconds);

/// <summary>The plan of retention: raw for a day, 10 s for a week, 1 min for 90 days. Events go with the last level, runs stay.</summary>
internal static class Retention
{
    private const double Day = 86400;

    /// <summary>From fine to coarse.</summary>
    public static readonly RetentionLevel[] Levels = [new("raw", 0, Day), new("10s", 10, 7 * Day), new("1m", 60, 90 * Day)];

    public static RetentionLevel Raw => Levels[0];

    public static RetentionLevel Coarsest => Levels[^1];

    /// <summary>Points of the level older than this are deleted.</summary>
    public static double Cutoff(RetentionLevel level, double nowSeconds) => nowSeconds - level.KeepSeconds;

    /// <summary>The finest level that still holds all from <paramref name="sinceSeconds"/> on; the coarsest when none does.</summary>
    public static RetentionLevel For(double sinceSeconds, double nowSeconds)
    {
        foreach (var level in Levels)
        {
            if (Cutoff(level, nowSeconds) <= sinceSeconds)
            {
                return level;
            }
        }
        return Coarsest;
    }
}
