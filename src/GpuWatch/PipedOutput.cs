using System.Text;
using Microsoft.Win32.SafeHandles;

namespace GpuWatch;

/// <summary>
/// Standard output into a pipe, which notices that its reader has left, as `head` does: then what is running is ended, where
/// the console would go on writing into nothing. What is written later is dropped.
/// </summary>
internal sealed class PipedOutput(Stream pipe, Action readerLeft) : Stream
{
    /// <summary>What a shell says of a program that was ended by SIGPIPE, which .NET ignores.</summary>
    public const int ExitCode = 128 + 13;
    private const int BrokenPipe = 32;

    private bool isReaderGone;

    /// <summary>A text writer for standard output: the console's own where that is no pipe.</summary>
    public static TextWriter Open(Action readerLeft)
    {
        if (!OperatingSystem.IsLinux() || !Console.IsOutputRedirected)
        {
            return Console.Out;
        }
        // A file is left to the console: two writers at positions of their own (2>&1) would overwrite each other.
        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return pipe.CanSeek
            ? Console.Out
            : TextWriter.Synchronized(new StreamWriter(new PipedOutput(pipe, readerLeft), new UTF8Encoding(false)) { AutoFlush = true });
    }

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (isReaderGone)
        {
            return;
        }
        try
        {
            pipe.Write(buffer);
        }
        catch (IOException failure) when (failure.HResult == BrokenPipe)
        {
            isReaderGone = true;
            readerLeft();
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
