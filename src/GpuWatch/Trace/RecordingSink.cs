using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Trace;

/// <summary>Writes every sweep to a recording, behind a bounded queue. A disk that is full ends the recording, not the sampling.</summary>
internal sealed class RecordingSink : ISampleSink, IAsyncDisposable
{
    private const int Capacity = 4096;

    private readonly SinkQueue<Sweep> queue;
    private readonly TraceWriter writer;
    private readonly SinkCounters counters;
    private readonly Action<string> log;
    private readonly Task writing;

    /// <param name="log">Takes sentences for people.</param>
    public RecordingSink(TraceWriter writer, SinkCounters counters, Action<string> log)
    {
        (this.writer, this.counters, this.log) = (writer, counters, log);
        queue = new SinkQueue<Sweep>(Capacity, counters, sweep => sweep.Gpus.Length);
        writing = Task.Run(WriteAsync);
    }

    /// <summary>Something could not be written: the recording ends before its time.</summary>
    public bool Failed { get; private set; }

    public void Accept(Sweep sweep) => queue.Add(sweep);

    public async ValueTask DisposeAsync()
    {
        queue.Complete();
        await writing.ConfigureAwait(false);
        writer.Dispose();
    }

    private async Task WriteAsync()
    {
        var batch = new List<Sweep>();
        while (await queue.WaitAsync(CancellationToken.None).ConfigureAwait(false))
        {
            batch.Clear();
            queue.TakeInto(batch, Capacity);
            foreach (var sweep in batch)
            {
                Write(sweep);
            }
        }
    }

    private void Write(Sweep sweep)
    {
        if (Failed)
        {
            counters.CountDropped(sweep.Gpus.Length);
            return;
        }
        try
        {
            writer.Write(sweep);
            counters.CountWritten(sweep.Gpus.Length);
        }
        catch (IOException failure)
        {
            Failed = true;
            log($"the recording ends here: {failure.Message}");
        }
    }
}
