using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace GpuWatch.Store.Spool;

/// <summary>
/// A queue of batches on disk: in order, bounded, and still there after a restart or a kill -9 (the kernel has the bytes; only
/// a power cut can take the last of them, see docs/decisions/0016). Not thread-safe; one process a folder.
/// </summary>
/// <remarks>
/// Segment files of an eighth of the bound hold the batches; the file "cursor" says which sequence is delivered. When the
/// bound is reached the oldest segment goes. A batch that was delivered just before a kill is delivered again, which InfluxDB
/// takes as the same points.
/// </remarks>
internal sealed class DiskSpool : IDisposable
{
    private readonly string folder;
    private readonly long limit;
    private readonly Action<long> dropped;
    private readonly SafeFileHandle cursor;
    private readonly LinkedList<SpoolSegment> segments = new();
    private long bytes;
    private long delivered;

    /// <param name="limitBytes">All segment files together never exceed it.</param>
    /// <param name="dropped">Told of points that were thrown away: beyond the bound, or damaged on disk.</param>
    /// <exception cref="IOException">The folder cannot be made or written, or another process holds it.</exception>
    public DiskSpool(string folder, long limitBytes, Action<long> dropped)
    {
        (this.folder, limit, this.dropped) = (folder, limitBytes, dropped);
        CreateFolder(folder);
        cursor = OpenPrivate(Path.Combine(folder, "cursor"), FileMode.OpenOrCreate, FileShare.None);
        try
        {
            delivered = ReadCursor();
            WriteCursor(delivered);
            foreach (var path in Directory.GetFiles(folder, "*" + SpoolSegment.Extension).Order(StringComparer.Ordinal))
            {
                Adopt(SpoolSegment.Open(path, delivered));
            }
            // The bound may be lower than it was.
            MakeRoom(0);
        }
        catch
        {
            // Else the folder would stay ours, and the next try would find it taken.
            Dispose();
            throw;
        }
    }

    /// <summary>Points name processes: only this user may read them, whoever made the folder.</summary>
    internal static SafeFileHandle OpenPrivate(string path, FileMode mode, FileShare share)
    {
        var file = File.OpenHandle(path, mode, FileAccess.ReadWrite, share);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        return file;
    }

    public bool IsEmpty => segments.First is null;

    /// <summary>Bytes on disk.</summary>
    public long Bytes => bytes;

    /// <summary>Points not yet delivered.</summary>
    public long Points => segments.Sum(segment => segment.Points);

    /// <summary>The highest sequence ever given to this folder; the next batch takes the next one.</summary>
    public long LastSequence => Math.Max(delivered, segments.Last?.Value.LastSequence ?? -1);

    /// <exception cref="IOException">The disk did not take it; at the bound the oldest may have gone for it.</exception>
    public void Append(Batch batch)
    {
        var size = SpoolRecord.Of(batch).Bytes;
        if (size > limit)
        {
            dropped(batch.Points);
            return;
        }
        MakeRoom(size);
        var segment = segments.Last?.Value;
        if (segment is null || segment.Bytes + size > Math.Max(limit / 8, size))
        {
            segment = Begin(batch.Sequence);
        }
        AppendTo(segment, batch);
        bytes += size;
    }

    /// <summary>The oldest batch; null when there is none. One that is damaged is dropped, and those behind it stand.</summary>
    public Batch? Peek()
    {
        while (segments.First?.Value is { } segment)
        {
            if (segment.Read() is { } batch)
            {
                return batch;
            }
            var damaged = segment.FirstSequence;
            dropped(segment.Advance());
            Done(segment, damaged);
        }
        return null;
    }

    /// <summary>The batch is done with. One that is no longer the oldest was dropped in the meantime.</summary>
    public void Remove(Batch batch)
    {
        if (segments.First?.Value is not { } segment || segment.FirstSequence != batch.Sequence)
        {
            return;
        }
        segment.Advance();
        Done(segment, batch.Sequence);
    }

    public void Dispose()
    {
        foreach (var segment in segments)
        {
            segment.Dispose();
        }
        cursor.Dispose();
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private void Done(SpoolSegment segment, long sequence)
    {
        WriteCursor(sequence);
        if (segment.IsEmpty)
        {
            DeleteFirst();
        }
    }

    private void MakeRoom(long size)
    {
        while (bytes + size > limit)
        {
            dropped(segments.First!.Value.Points);
            DeleteFirst();
        }
    }

    private void Adopt(SpoolSegment segment)
    {
        if (segment.IsEmpty)
        {
            delivered = Math.Max(delivered, segment.LastSequence);
            segment.Delete();
            return;
        }
        segments.AddLast(segment);
        bytes += segment.Bytes;
    }

    private SpoolSegment Begin(long sequence)
    {
        var segment = SpoolSegment.Create(folder, sequence);
        segments.AddLast(segment);
        return segment;
    }

    private void AppendTo(SpoolSegment segment, Batch batch)
    {
        try
        {
            segment.Append(batch);
        }
        catch (IOException) when (segment.IsEmpty)
        {
            segments.RemoveLast();
            segment.Delete();
            throw;
        }
    }

    private void DeleteFirst()
    {
        var segment = segments.First!.Value;
        bytes -= segment.Bytes;
        delivered = Math.Max(delivered, segment.LastSequence);
        segments.RemoveFirst();
        segment.Delete();
    }

    private long ReadCursor()
    {
        Span<byte> text = stackalloc byte[sizeof(long)];
        return RandomAccess.Read(cursor, text, 0) == text.Length ? BinaryPrimitives.ReadInt64LittleEndian(text) : -1;
    }

    private void WriteCursor(long sequence)
    {
        delivered = sequence;
        Span<byte> text = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(text, sequence);
        RandomAccess.Write(cursor, text, 0);
    }
}
