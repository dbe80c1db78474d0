using GpuWatch.Core.Units;
using GpuWatch.Show.Http;
using GpuWatch.Store.Sqlite;

namespace GpuWatch;

/// <summary>The past of a GPU or process out of the embedded store: where the API and the store meet.</summary>
internal sealed class StoredSeries(string path)
{
    /// <summary>Points in an answer: three hours of seconds, a day of 10 s spans, a week of minutes.</summary>
    private const int Most = 11_000;

    /// <summary>Without a resolution it is the finest that reaches back far enough and is not too much for one answer.</summary>
    /// <exception cref="BadInputException">There is no such resolution, or it is too much for one answer.</exception>
    public PastSeries Read(SeriesQuestion asked, double nowSeconds)
    {
        var since = asked.FromSeconds ?? nowSeconds - Show.History.TenMinutes;
        var finest = asked.Resolution is null ? Array.IndexOf(Retention.Levels, Retention.For(since, nowSeconds)) : IndexOf(asked.Resolution);
        var coarsest = asked.Resolution is null ? Retention.Levels.Length - 1 : finest;
        if (!File.Exists(path))
        {
            return new PastSeries(Retention.Levels[finest].Name, []);
        }
        using var store = new StoreQuery(path);
        for (var level = finest; level <= coarsest; level++)
        {
            if (TryRead(store, asked, since, Retention.Levels[level]) is { } points)
            {
                return new PastSeries(Retention.Levels[level].Name, points);
            }
        }
        throw new BadInputException("from", $"the range holds more than {Most} points of {Retention.Levels[coarsest].Name}", "a shorter range or a coarser resolution is expected");
    }

    private static int IndexOf(string resolution) =>
        Array.FindIndex(Retention.Levels, level => level.Name == resolution) is >= 0 and var found
            ? found
            : throw new BadInputException(
                "resolution", $"'{Plain.Text(resolution)}'", $"one of {string.Join(", ", Retention.Levels.Select(level => level.Name))} is expected");

    /// <returns>Null when there are too many.</returns>
    private static List<(double, long)>? TryRead(StoreQuery store, SeriesQuestion asked, double since, RetentionLevel level)
    {
        var points = new List<(double, long)>();
        var question = new StoreQuestion(asked.Pid is null ? "gpu" : "process", since, asked.ToSeconds, level, asked.Gpu, asked.Pid);
        store.Read(question, rows =>
        {
            var used = rows.GetOrdinal(level.EverySeconds == 0 ? "used_bytes" : "used_max_bytes");
            while (points.Count <= Most && rows.Read())
            {
                if (!rows.IsDBNull(used))
                {
                    points.Add((rows.GetDouble(0), rows.GetInt64(used)));
                }
            }
        });
        return points.Count <= Most ? points : null;
    }
}
