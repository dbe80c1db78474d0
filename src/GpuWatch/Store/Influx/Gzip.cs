using System.IO.Compression;
using GpuWatch.Store.Spool;

namespace GpuWatch.Store.Influx;

/// <summary>Packs and unpacks the lines of a batch.</summary>
internal static class Gzip
{
    /// <param name="packed">Where it is packed; one that is used again and again spares the heap a large array a batch.</param>
    public static byte[] Compress(ReadOnlySpan<byte> lines, MemoryStream? packed = null)
    {
        packed ??= new(lines.Length / 8);
        packed.SetLength(0);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(lines);
        }
        return packed.ToArray();
    }

    public static byte[] Decompress(byte[] content)
    {
        using var gzip = new GZipStream(new MemoryStream(content), CompressionMode.Decompress);
        using var lines = new MemoryStream(4 * content.Length);
        gzip.CopyTo(lines);
        return lines.ToArray();
    }

    /// <summary>The batch as two, cut between points. A line feed inside a string field is no cut.</summary>
    public static (Batch First, Batch Second) Halve(Batch batch)
    {
        var lines = Decompress(batch.Content);
        var half = batch.Points / 2;
        var cut = EndOfPoint(lines, half);
        return (
            batch with { Points = half, Content = Compress(lines.AsSpan(0, cut)) },
            batch with { Points = batch.Points - half, Content = Compress(lines.AsSpan(cut)) });
    }

    private static int EndOfPoint(ReadOnlySpan<byte> lines, int count)
    {
        bool inFields = false, afterEquals = false, quoted = false;
        for (var i = 0; i < lines.Length; i++)
        {
            var one = lines[i];
            // In a string a backslash takes the next byte with it; elsewhere a byte is escaped if one stands before it, even
            // if that one is itself the second of two: the server reads tag values so.
            if (quoted && one == '\\')
            {
                (afterEquals, i) = (false, i + 1);
                continue;
            }
            if (!quoted && i > 0 && lines[i - 1] == '\\' && one != '\n')
            {
                afterEquals = false;
                continue;
            }
            if (one == '"' && (quoted || (inFields && afterEquals)))
            {
                quoted = !quoted;
            }
            else if (!quoted)
            {
                inFields = one != '\n' && (inFields || one == ' ');
                if (one == '\n' && --count == 0)
                {
                    return i + 1;
                }
            }
            afterEquals = one == '=';
        }
        return lines.Length;
    }
}
