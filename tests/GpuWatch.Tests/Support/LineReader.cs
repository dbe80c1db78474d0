using System.Globalization;
using System.Text;

namespace GpuWatch.Tests.Support;

/// <summary>An independent reader of one line of line protocol, written from InfluxData's reference.</summary>
internal sealed class LineReader
{
    private readonly string line;
    private int at;

    private LineReader(string line) => this.line = line;

    public required string Measurement { get; init; }
    public List<KeyValuePair<string, string>> Tags { get; } = [];
    public List<KeyValuePair<string, object>> Fields { get; } = [];
    public long Time { get; private set; }

    public static LineReader Read(string line)
    {
        var measurement = new LineReader(line) { Measurement = "" };
        var name = measurement.Name(", ", ", ");
        var reader = new LineReader(line) { Measurement = name, at = measurement.at };
        while (reader.line[reader.at] == ',')
        {
            reader.at++;
            var key = reader.Name(",= ", "=");
            reader.at++;
            reader.Tags.Add(new(key, reader.Name(",= ", ", ")));
        }
        do
        {
            reader.at++;
            var key = reader.Name(",= ", "=");
            reader.at++;
            reader.Fields.Add(new(key, reader.Value()));
        }
        while (reader.line[reader.at] == ',');
        reader.Time = long.Parse(reader.line.AsSpan(reader.at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return reader;
    }

    /// <summary>Later duplicates win, as on the server.</summary>
    public bool Says(SomePoint point) =>
        Measurement == point.Measurement && Time == point.Time
        && Last(Tags).OrderBy(tag => tag.Key, StringComparer.Ordinal).SequenceEqual(point.Tags)
        && Last(Fields).OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => (field.Key, field.Value))
            .SequenceEqual(point.Fields.Select(field => (field.Key, field.Value)));

    private static Dictionary<string, T> Last<T>(IEnumerable<KeyValuePair<string, T>> pairs) =>
        pairs.GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value);

    private string Name(string escaped, string until)
    {
        var text = new StringBuilder();
        for (; !until.Contains(line[at]); at++)
        {
            if (line[at] == '\\' && escaped.Contains(line[at + 1]))
            {
                at++;
            }
            text.Append(line[at]);
        }
        return text.ToString();
    }

    private object Value()
    {
        if (line[at] == '"')
        {
            return Quoted();
        }
        var end = line.IndexOfAny([',', ' '], at);
        var text = line[at..end];
        at = end;
        return text is "true" or "T" ? (object)true
            : text is "false" or "F" ? false
            : text[^1] == 'i' ? (object)long.Parse(text[..^1], CultureInfo.InvariantCulture)
            : double.Parse(text, CultureInfo.InvariantCulture);
    }

    private string Quoted()
    {
        var text = new StringBuilder();
        for (at++; line[at] != '"'; at++)
        {
            if (line[at] == '\\')
            {
                at++;
            }
            text.Append(line[at]);
        }
        at++;
        return text.ToString();
    }
}
