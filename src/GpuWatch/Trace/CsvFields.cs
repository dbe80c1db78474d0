using System.Text;

namespace GpuWatch.Trace;

/// <summary>
/// Where the fields of one CSV line lie. Blanks around a field are not part of it. A field in double quotes may hold commas
/// and doubled quotes; none holds a line end.
/// </summary>
internal sealed class CsvFields
{
    /// <summary>nvidia-smi knows some 150 fields to query.</summary>
    public const int Most = 512;

    private readonly Range[] ranges = new Range[Most];

    public int Count { get; private set; }

    public Range this[int field] => ranges[field];

    /// <returns>False: more than <see cref="Most"/> fields, or a quote that is not closed.</returns>
    public bool TrySplit(ReadOnlySpan<byte> line)
    {
        Count = 0;
        var start = 0;
        while (Count < Most)
        {
            var length = FieldLength(line[start..]);
            if (length < 0)
            {
                return false;
            }
            ranges[Count++] = Trim(line, start, start + length);
            start += length + 1;
            if (start > line.Length)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The fields of a header.</summary>
    public static string[] Names(ReadOnlySpan<byte> line) =>
        Encoding.UTF8.GetString(line).Split(',', StringSplitOptions.TrimEntries);

    /// <summary>The text of a field, its quotes taken off.</summary>
    public static string Text(ReadOnlySpan<byte> field)
    {
        var text = Encoding.UTF8.GetString(field);
        return text.Length >= 2 && text[0] == '"' ? text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : text;
    }

    /// <summary>A text as a field that reads back the same; line ends become blanks.</summary>
    public static string Quoted(string text) =>
        $"\"{text.ReplaceLineEndings(" ").Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static int FieldLength(ReadOnlySpan<byte> rest)
    {
        var comma = rest.IndexOf((byte)',');
        var quote = rest.IndexOfAnyExcept((byte)' ');
        if (quote < 0 || rest[quote] != '"')
        {
            return comma < 0 ? rest.Length : comma;
        }
        var open = true;
        for (var at = quote + 1; at < rest.Length; at++)
        {
            if (rest[at] == '"')
            {
                open = !open;
            }
            else if (rest[at] == ',' && !open)
            {
                return at;
            }
        }
        return open ? -1 : rest.Length;
    }

    private static Range Trim(ReadOnlySpan<byte> line, int start, int end)
    {
        while (start < end && line[start] is (byte)' ' or (byte)'\t')
        {
            start++;
        }
        while (end > start && line[end - 1] is (byte)' ' or (byte)'\t')
        {
            end--;
        }
        return start..end;
    }
}
