using System.Buffers.Text;
using System.Globalization;
using System.Text;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>
/// Writes a recording: the trace of CONTRACTS 5 (a) with more columns, so that what reads traces reads recordings too and nothing
/// of a sweep is lost. Each sweep is handed to the stream whole. Not thread-safe.
/// </summary>
internal sealed class TraceWriter : IDisposable
{
    private const int LongestNumber = 32;
    private readonly Stream stream;
    private byte[] buffer = new byte[4096];
    private int length;

    public TraceWriter(Stream stream)
    {
        this.stream = stream;
        Text(string.Join(',', TraceColumns.Names));
        End();
        Flush();
    }

    public void Write(Sweep sweep)
    {
        foreach (var outcome in sweep.Gpus)
        {
            if (outcome.Frame is { } frame)
            {
                Write(frame);
            }
            else if (outcome.Fault is { } fault)
            {
                Write(sweep.TimeSeconds, outcome.Gpu, fault);
            }
        }
        Flush();
    }

    public void Dispose() => stream.Dispose();

    private void Write(GpuFrame frame)
    {
        foreach (var process in frame.Processes)
        {
            Write(frame, process);
        }
        if (frame.Processes.IsEmpty)
        {
            Write(frame, new ProcessReading(null, null));
        }
    }

    private void Write(GpuFrame frame, ProcessReading process)
    {
        Seconds(frame.TimeSeconds);
        Comma().Number(frame.Gpu);
        Comma().Number(process.Pid);
        Comma().Number(process.Used);
        Comma().Number(frame.Used);
        Comma().Number(frame.Total);
        Comma().Number(process.TorchAllocated);
        Comma().Number(process.TorchReserved);
        Comma().Number(frame.Reserved);
        Comma().Number(frame.Free);
        Comma().Number(process.StartTicks);
        Text(",,");
        End();
    }

    private void Write(double timeSeconds, int gpu, Fault fault)
    {
        Seconds(timeSeconds);
        Comma().Number(gpu);
        Text(",,,,,,,,,,");
        Text(FaultNames.Name(fault.Kind));
        Comma().Text(CsvFields.Quoted(fault.Reason));
        End();
    }

    private TraceWriter Comma()
    {
        Room(1)[0] = (byte)',';
        length++;
        return this;
    }

    private void End()
    {
        Room(1)[0] = (byte)'\n';
        length++;
    }

    /// <summary>The shortest digits that read back as the same number.</summary>
    private void Seconds(double value)
    {
        value.TryFormat(Room(LongestNumber), out var written, "R", CultureInfo.InvariantCulture);
        length += written;
    }

    private void Number(Bytes? size) => Number(size?.Count);

    private void Number(long? value)
    {
        if (value is { } known)
        {
            Utf8Formatter.TryFormat(known, Room(LongestNumber), out var written);
            length += written;
        }
    }

    private void Text(string text) => length += Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));

    private Span<byte> Room(int count)
    {
        if (buffer.Length - length < count)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + count));
        }
        return buffer.AsSpan(length);
    }

    private void Flush()
    {
        stream.Write(buffer, 0, length);
        stream.Flush();
        length = 0;
    }
}
