using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>
/// Lines of a UTF-8 stream as spans over one reused buffer: no string is made of a row.
/// Ends of line are LF or CR LF. Knows its place, so that every complaint names FILE:LINE.
/// </summary>
internal sealed class LineReader(Stream stream, string file) : IDisposable
{
    private const int LongestLine = 1 << 20;
    private byte[] buffer = new byte[1 << 16];
    private int lineStart;
    private int lineLength;
    private int next;
    private int end;

    /// <summary>The line last read, without its end. Valid until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Line => buffer.AsSpan(lineStart, lineLength);

    /// <summary>Number of the line last read, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>The line last read had no end of line: the file stops there, perhaps in the middle of a row.</summary>
    public bool Unended { get; private set; }

    /// <returns>False at the end of the stream.</returns>
    public bool Read()
    {
        var scanned = 0;
        while (true)
        {
            var newline = buffer.AsSpan(next + scanned, end - next - scanned).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                Take(scanned + newline);
                next++;
                return true;
            }
            scanned = end - next;
            if (!Fill())
            {
                if (scanned == 0)
                {
                    return false;
                }
                Unended = true;
                Take(scanned);
                return true;
            }
        }
    }

    /// <summary>FILE:LINE of the line last read.</summary>
    public string Place => $"{file}:{Math.Max(1, Number)}";

    /// <summary>What is wrong with the line last read.</summary>
    public BadInputException Bad(string problem, string expectation) => new(Place, problem, expectation);

    public void Dispose() => stream.Dispose();

    private void Take(int length)
    {
        Number++;
        lineStart = next;
        lineLength = length > 0 && buffer[next + length - 1] == '\r' ? length - 1 : length;
        next += length;
    }

    private bool Fill()
    {
        buffer.AsSpan(next, end - next).CopyTo(buffer);
        end -= next;
        next = 0;
        if (end == LongestLine)
        {
            Number++;
            throw Bad($"a line is longer than {new Bytes(LongestLine)}", "expected a CSV log with one row a line");
        }
        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }
        var read = stream.Read(buffer, end, buffer.Length - end);
        end += read;
        return read > 0;
    }
}
