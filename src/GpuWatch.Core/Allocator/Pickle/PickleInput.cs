using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Allocator.Pickle;

/// <summary>
/// The bytes of a pickle, in order, with the place of each. A length that the file declares is believed only as far as its bytes go: nothing is
/// allocated ahead of what was read.
/// </summary>
/// <param name="file">Its name, for messages.</param>
internal sealed class PickleInput(Stream stream, string file)
{
    public const string Expected = "expected a pickled PyTorch memory snapshot";

    /// <summary>Texts up to here are kept once however often they come, and the others are hardly ever alike.</summary>
    private const int LongestShared = 1024;

    /// <summary>No text of a snapshot comes near it.</summary>
    private const int LongestText = 1 << 28;

    private readonly HashSet<string> texts = new(StringComparer.Ordinal);
    private readonly char[] letters = new char[LongestShared];
    private byte[] buffer = new byte[1 << 16];
    private int at, end;
    private long gone;

    /// <summary>Bytes read so far: the place of the next one.</summary>
    public long Offset => gone + at;

    /// <summary>A mistake of the file at a byte.</summary>
    public BadInputException Bad(long offset, string problem, string expectation = Expected) => new($"{file}:byte {offset}", problem, expectation);

    public byte Next()
    {
        if (at == end)
        {
            Need(1);
        }
        return buffer[at++];
    }

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A length of eight bytes.</summary>
    public long Length()
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        return length <= long.MaxValue ? (long)length : throw Cut();
    }

    /// <summary>A few bytes, valid until the next call.</summary>
    /// <param name="count">At most 65536.</param>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (end - at < count)
        {
            Need(count);
        }
        at += count;
        return buffer.AsSpan(at - count, count);
    }

    public void Skip(long length)
    {
        for (var left = length; left > 0; left -= Math.Min(left, LongestShared))
        {
            Take((int)Math.Min(left, LongestShared));
        }
    }

    /// <summary>Text of so many bytes of UTF-8; what is none becomes U+FFFD.</summary>
    public string Text(long length)
    {
        if (length <= LongestShared)
        {
            return Shared(Take((int)length));
        }
        if (length > LongestText)
        {
            throw Bad(Offset, string.Create(CultureInfo.InvariantCulture, $"a text of {length} bytes is declared"));
        }
        var bytes = new ArrayBufferWriter<byte>();
        for (var left = length; left > 0;)
        {
            var part = Take((int)Math.Min(left, 1 << 15));
            bytes.Write(part);
            left -= part.Length;
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Up to the next line feed, which is gone too.</summary>
    public string Line()
    {
        var bytes = new ArrayBufferWriter<byte>();
        for (var next = Next(); next != '\n'; next = Next())
        {
            bytes.Write([next]);
            if (bytes.WrittenCount > LongestText)
            {
                throw Bad(Offset, "a line has no end");
            }
        }
        return Encoding.Latin1.GetString(bytes.WrittenSpan);
    }

    private string Shared(ReadOnlySpan<byte> utf8)
    {
        var count = Encoding.UTF8.GetChars(utf8, letters);
        var known = texts.GetAlternateLookup<ReadOnlySpan<char>>();
        var text = letters.AsSpan(0, count);
        if (known.TryGetValue(text, out var found))
        {
            return found;
        }
        known.Add(text);
        known.TryGetValue(text, out found);
        return found!;
    }

    private void Need(int count)
    {
        buffer.AsSpan(at, end - at).CopyTo(buffer);
        gone += at;
        (at, end) = (0, end - at);
        while (end < count)
        {
            var read = stream.Read(buffer, end, buffer.Length - end);
            if (read == 0)
            {
                throw Cut();
            }
            end += read;
        }
    }

    private BadInputException Cut() =>
        gone + end == 0 ? new($"{file}:byte 0", "the file is empty", Expected) : Bad(gone + end, "the file ends in the middle of the pickle", "expected the rest of it");
}
