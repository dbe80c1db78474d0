using Microsoft.Win32.SafeHandles;

namespace GpuWatch.Store.Spool;

/// <summary>One file of the spool: records one after another. Written at the end, read from the front.</summary>
internal sealed class SpoolSegment : IDisposable
{
    public const string Extension = ".spool";
    private readonly SafeFileHandle file;
    private readonly Queue<SpoolRecord> records = new();
    private long readAt;

    private SpoolSegment(string path, FileMode mode)
    {
        Path = path;
        file = DiskSpool.OpenPrivate(path, mode, FileShare.Read);
    }

    public string Path { get; }

    /// <summary>Size of the file.</summary>
    public long Bytes { get; private set; }

    /// <summary>Points not yet delivered.</summary>
    public long Points { get; private set; }

    public bool IsEmpty => records.Count == 0;

    public long LastSequence { get; private set; } = -1;

    public static SpoolSegment Create(string folder, long firstSequence) =>
        new(System.IO.Path.Combine(folder, firstSequence.ToString("d19", null) + Extension), FileMode.CreateNew);

    /// <summary>Opens what an earlier run left. A record that was not written to its end was never accepted: it is cut off.</summary>
    public static SpoolSegment Open(string path, long deliveredUpTo)
    {
        var segment = new SpoolSegment(path, FileMode.Open);
        var length = RandomAccess.GetLength(segment.file);
        Span<byte> header = stackalloc byte[SpoolRecord.HeaderBytes];
        while (RandomAccess.Read(segment.file, header, segment.Bytes) == header.Length
            && SpoolRecord.Read(header) is { } record && segment.Bytes + record.Bytes <= length)
        {
            segment.Take(record, delivered: record.Sequence <= deliveredUpTo);
        }
        if (segment.Bytes < length)
        {
            RandomAccess.SetLength(segment.file, segment.Bytes);
        }
        return segment;
    }

    /// <summary>Throws <see cref="IOException"/> when the disk does not take it; the file is then as it was.</summary>
    public void Append(Batch batch)
    {
        var record = SpoolRecord.Of(batch);
        var bytes = new byte[record.Bytes];
        record.Write(bytes);
        batch.Content.CopyTo(bytes, SpoolRecord.HeaderBytes);
        try
        {
            RandomAccess.Write(file, bytes, Bytes);
        }
        catch (IOException)
        {
            RandomAccess.SetLength(file, Bytes);
            throw;
        }
        Take(record, delivered: false);
    }

    /// <summary>The oldest batch not yet delivered.</summary>
    /// <returns>Null when the disk gave other bytes than were written.</returns>
    public Batch? Read()
    {
        var record = records.Peek();
        var content = new byte[record.Length];
        var read = RandomAccess.Read(file, content, readAt + SpoolRecord.HeaderBytes);
        return read == content.Length && SpoolRecord.ChecksumOf(content) == record.Checksum
            ? new Batch(record.Sequence, record.Points, content)
            : null;
    }

    public long FirstSequence => records.Peek().Sequence;

    /// <returns>The points of the oldest batch, which is now done with.</returns>
    public int Advance()
    {
        var record = records.Dequeue();
        readAt += record.Bytes;
        Points -= record.Points;
        return record.Points;
    }

    public void Delete()
    {
        Dispose();
        File.Delete(Path);
    }

    public void Dispose() => file.Dispose();

    private void Take(SpoolRecord record, bool delivered)
    {
        Bytes += record.Bytes;
        LastSequence = record.Sequence;
        if (delivered)
        {
            readAt = Bytes;
            return;
        }
        records.Enqueue(record);
        Points += record.Points;
    }
}
