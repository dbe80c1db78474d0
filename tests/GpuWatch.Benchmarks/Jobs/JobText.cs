using System.Globalization;
using GpuWatch.Core.Jobs;
using GpuWatch.Jobs;

namespace GpuWatch.Benchmarks.Jobs;

/// <summary>A job as the keys and values of its file, in their order: what is written, and what our own reader makes of it.</summary>
internal sealed record JobText(IReadOnlyList<KeyValuePair<string, object>> Entries)
{
    public object this[string key] => Entries.First(entry => entry.Key == key).Value;

    public JobText With(string key, object value) =>
        new([.. Entries.Select(entry => entry.Key == key ? new KeyValuePair<string, object>(key, value) : entry)]);

    public Job Read() => JobFile.Read("job.json", "{" + string.Join(", ", Entries.Select(Json)) + "}");

    private static string Json(KeyValuePair<string, object> entry) =>
        entry.Value is string text ? $"\"{entry.Key}\": \"{text}\"" : string.Create(CultureInfo.InvariantCulture, $"\"{entry.Key}\": {entry.Value}");
}
