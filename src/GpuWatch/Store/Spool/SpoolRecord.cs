using System.Buffers.Binary;
using System.Numerics;

namespace GpuWatch.Store.Spool;

/// <summary>How a batch lies in a segment file: a header of 24 bytes, little endian, then the content.</summary>
internal readonly record struct SpoolRecord(int Length, int Points, uint Checksum, long Sequence)
{
    public const int HeaderBytes = 24;
    private const uint Magic = 0x50535747; // "GWSP"

    public long Bytes => HeaderBytes + Length;

    public static SpoolRecord Of(Batch batch) => new(batch.Content.Length, batch.Points, ChecksumOf(batch.Content), batch.Sequence);

    public void Write(Span<byte> header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], Points);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], Checksum);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], Sequence);
    }

    /// <returns>Null when this is no header.</returns>
    public static SpoolRecord? Read(ReadOnlySpan<byte> header)
    {
        if (header.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic)
        {
            return null;
        }
        var record = new SpoolRecord(
            BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(header[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[16..]));
        return record is { Length: >= 0, Points: >= 0 } ? record : null;
    }

    public static uint ChecksumOf(ReadOnlySpan<byte> content)
    {
        var sum = uint.MaxValue;
        for (; content.Length >= sizeof(ulong); content = content[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(content));
        }
        foreach (var one in content)
        {
            sum = BitOperations.Crc32C(sum, one);
        }
        return ~sum;
    }
}
