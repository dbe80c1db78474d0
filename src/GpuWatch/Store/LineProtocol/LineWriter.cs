using System.Globalization;

namespace GpuWatch.Store.LineProtocol;

/// <summary>
/// Encodes points as InfluxDB line protocol into one buffer that is used again after <see cref="Clear"/>;
/// once it has grown to a batch's size, a point allocates nothing. Not thread-safe.
/// </summary>
/// <remarks>
/// What the protocol cannot say is left out rather than sent and refused: an empty tag value, NaN and infinities,
/// a key "time" (InfluxDB 1.x refuses such a tag and silently drops such a field), and a point of which no field is left.
/// Tags go out in the order given; give them in ascending order of key, or the server has to sort them.
/// </remarks>
internal sealed class LineWriter(int capacity = 1 << 16)
{
    private const int LongestNumber = 32;
    private byte[] buffer = new byte[capacity];
    private int length;
    private int start;
    private int fields;
    private bool sendable;

    /// <summary>Whole lines so far, each ended by a line feed.</summary>
    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    public int Lines { get; private set; }

    public void Clear() => (length, start, Lines) = (0, 0, 0);

    /// <summary>Starts a point. A measurement that is empty or would read as a comment makes it unsendable.</summary>
    public LineWriter Point(ReadOnlySpan<char> measurement)
    {
        (start, fields, sendable) = (length, 0, measurement.Length > 0 && measurement[0] != '#');
        LineText.Measurement.Append(this, measurement);
        return this;
    }

    public LineWriter Tag(ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (!value.IsEmpty && TagKey(key))
        {
            LineText.TagValue.Append(this, value);
        }
        return this;
    }

    public LineWriter Tag(ReadOnlySpan<char> key, int value)
    {
        if (TagKey(key))
        {
            Number(value);
        }
        return this;
    }

    public LineWriter Field(ReadOnlySpan<char> key, long value)
    {
        if (FieldKey(key))
        {
            Number(value);
            Append((byte)'i');
        }
        return this;
    }

    /// <summary>Shortest digits that read back as the same double.</summary>
    public LineWriter Field(ReadOnlySpan<char> key, double value)
    {
        if (double.IsFinite(value) && FieldKey(key))
        {
            value.TryFormat(Room(LongestNumber), out var written, default, CultureInfo.InvariantCulture);
            length += written;
        }
        return this;
    }

    public LineWriter Field(ReadOnlySpan<char> key, bool value)
    {
        if (FieldKey(key))
        {
            Append(value ? "true"u8 : "false"u8);
        }
        return this;
    }

    public LineWriter Field(ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (FieldKey(key))
        {
            Append((byte)'"');
            LineText.String.Append(this, value);
            Append((byte)'"');
        }
        return this;
    }

    /// <summary>Ends the point.</summary>
    /// <param name="timestamp">In the precision that the request will name.</param>
    /// <returns>False when the point could not be said and was left out.</returns>
    public bool End(long timestamp)
    {
        if (!sendable || fields == 0)
        {
            length = start;
            return false;
        }
        Append((byte)' ');
        Number(timestamp);
        Append((byte)'\n');
        Lines++;
        return true;
    }

    internal void Append(byte one)
    {
        Room(1)[0] = one;
        length++;
    }

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        length += bytes.Length;
    }

    /// <summary>At least <paramref name="size"/> bytes after what is written; <see cref="Advance"/> says how many were used.</summary>
    internal Span<byte> Room(int size)
    {
        if (buffer.Length - length < size)
        {
            Array.Resize(ref buffer, Math.Max(2 * buffer.Length, length + size));
        }
        return buffer.AsSpan(length);
    }

    internal void Advance(int bytes) => length += bytes;

    private bool TagKey(ReadOnlySpan<char> key)
    {
        if (key.IsEmpty || key is "time")
        {
            return false;
        }
        Append((byte)',');
        LineText.Key.Append(this, key);
        Append((byte)'=');
        return true;
    }

    private bool FieldKey(ReadOnlySpan<char> key)
    {
        if (key.IsEmpty || key is "time")
        {
            return false;
        }
        Append(fields++ == 0 ? (byte)' ' : (byte)',');
        LineText.Key.Append(this, key);
        Append((byte)'=');
        return true;
    }

    private void Number(long value)
    {
        value.TryFormat(Room(LongestNumber), out var written, default, CultureInfo.InvariantCulture);
        length += written;
    }
}
