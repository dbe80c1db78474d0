using System.Buffers;
using System.Text.Unicode;

namespace GpuWatch.Store.LineProtocol;

/// <summary>How text is escaped in one place of a line. Each place has its own special characters.</summary>
/// <remarks>
/// Control characters have no escape outside string fields: they become spaces. A backslash is only itself, and nothing
/// escapes it, so one that InfluxDB would refuse (400) or misread becomes a slash: any in a name, and in a tag value
/// the last, and one before a character that is escaped (VictoriaMetrics counts backslashes, InfluxDB does not).
/// </remarks>
internal sealed class LineText
{
    public static readonly LineText Measurement = new(", ", Place.Name);
    /// <summary>Tag keys and field keys.</summary>
    public static readonly LineText Key = new(",= ", Place.Name);
    public static readonly LineText TagValue = new(",= ", Place.TagValue);
    public static readonly LineText String = new("\"\\", Place.String);

    private const string Controls = "\0\u0001\u0002\u0003\u0004\u0005\u0006\a\b\t\n\v\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f\u007f";
    private readonly SearchValues<char> special;
    private readonly Place place;

    private LineText(string escaped, Place place)
    {
        special = SearchValues.Create(place == Place.String ? escaped : escaped + "\\" + Controls);
        this.place = place;
    }

    private enum Place { Name, TagValue, String }

    public void Append(LineWriter line, ReadOnlySpan<char> text)
    {
        while (true)
        {
            var plain = text.IndexOfAny(special);
            if (plain < 0)
            {
                Copy(line, text);
                return;
            }
            Copy(line, text[..plain]);
            AppendSpecial(line, text[plain], text[(plain + 1)..]);
            text = text[(plain + 1)..];
        }
    }

    private void AppendSpecial(LineWriter line, char one, ReadOnlySpan<char> rest)
    {
        if (place != Place.String && char.IsControl(one))
        {
            line.Append("\\ "u8);
        }
        else if (place != Place.String && one == '\\')
        {
            line.Append(place == Place.Name || rest.IsEmpty || special.Contains(rest[0]) ? (byte)'/' : (byte)'\\');
        }
        else
        {
            line.Append((byte)'\\');
            line.Append((byte)one);
        }
    }

    private static void Copy(LineWriter line, ReadOnlySpan<char> text)
    {
        Utf8.FromUtf16(text, line.Room(3 * text.Length), out _, out var written);
        line.Advance(written);
    }
}
