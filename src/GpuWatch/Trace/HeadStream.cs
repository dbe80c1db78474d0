namespace GpuWatch.Trace;

/// <summary>A stream whose first bytes can be looked at before it is read; pipes cannot go back.</summary>
internal sealed class HeadStream(Stream rest) : Stream
{
    private readonly byte[] buffer = new byte[4096];
    private int length = -1;
    private int given;

    /// <summary>Up to the first 4096 bytes.</summary>
    public ReadOnlySpan<byte> Head
    {
        get
        {
            length = length < 0 ? rest.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) : length;
            return buffer.AsSpan(0, length);
        }
    }

    public override int Read(Span<byte> target)
    {
        var head = Head[given..];
        if (head.IsEmpty)
        {
            return rest.Read(target);
        }
        var count = Math.Min(head.Length, target.Length);
        head[..count].CopyTo(target);
        given += count;
        return count;
    }

    public override int Read(byte[] target, int offset, int count) => Read(target.AsSpan(offset, count));

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() => rest.Flush();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] source, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rest.Dispose();
        }
        base.Dispose(disposing);
    }
}
