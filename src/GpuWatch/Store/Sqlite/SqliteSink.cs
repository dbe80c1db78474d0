using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Sampling;
using GpuWatch.Sinks;

namespace GpuWatch.Store.Sqlite;

/// <summary>
/// The embedded store as a sink: sweeps and events wait in a bounded queue and are written by one loop, a transaction every few
/// seconds. While the disk is full or the file cannot be written sampling goes on, the batch waits, and the oldest in the queue are
/// dropped and counted; when it can be written again, it goes on by itself.
/// </summary>
internal sealed class SqliteSink : ISampleSink, IEventSink, IAsyncDisposable
{
    /// <summary>Items digested before others get their turn.</summary>
    private const int MostTaken = 256;

    private readonly StoreOptions options;
    private readonly string path;
    private readonly SinkCounters counters;
    private readonly Action<string> log;
    private readonly TimeProvider time;
    private readonly SinkQueue<object> queue;
    private readonly StoreDigest digest;
    private readonly Func<int, int?, Job?> jobOf;
    private readonly CancellationTokenSource closing = new();
    private readonly Task writing;
    private StoreWriter? writer;
    private int failures;

    /// <param name="json">The line an event is printed as.</param>
    /// <param name="jobOf">The job that a process was declared to be, null when nobody said.</param>
    /// <param name="whoIs">Who a process is; asked from the thread that writes.</param>
    /// <param name="driverOf">Version of the driver of a GPU; asked from there too.</param>
    /// <param name="log">Takes sentences for people.</param>
    public SqliteSink(
        StoreOptions options, Func<WatchEvent, string> json, Func<int, int?, Job?> jobOf, Func<ProcessReading, ProcessFacts> whoIs,
        Func<int, string?> driverOf, SinkCounters counters, Action<string> log, TimeProvider time)
    {
        (this.options, this.counters, this.log, this.time) = (options, counters, log, time);
        path = options.Path ?? throw new ArgumentException("No store is asked for.", nameof(options));
        queue = new(options.Queue, counters, SweepPoints.Of);
        digest = new(json, whoIs, driverOf);
        this.jobOf = jobOf;
        writing = Task.Run(WriteAsync);
    }

    public void Accept(Sweep sweep) => queue.Add(sweep);

    /// <summary>The job is asked for here, on the thread that assigns the jobs.</summary>
    public void Accept(WatchEvent happened) =>
        queue.Add(new Told(happened, happened is Reconciled ? jobOf(happened.Gpu, happened.Pid) : null));

    /// <summary>Writes what is there; what cannot be written now is dropped and counted.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Complete();
        await closing.CancelAsync().ConfigureAwait(false);
        await writing.ConfigureAwait(false);
        closing.Dispose();
    }

    private async Task WriteAsync()
    {
        var taken = new List<object>(MostTaken);
        while (await queue.WaitAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await Pause(options.FlushEvery).ConfigureAwait(false);
            Digest(taken);
            await WriteOut(digest.Cut(last: false)).ConfigureAwait(false);
        }
        await WriteOut(digest.Cut(last: true)).ConfigureAwait(false);
        writer?.Dispose();
    }

    private void Digest(List<object> taken)
    {
        do
        {
            taken.Clear();
            queue.TakeInto(taken, MostTaken);
            foreach (var item in taken)
            {
                if (item is Told told)
                {
                    digest.Take(told.Happened, told.Job);
                }
                else
                {
                    digest.Take((Sweep)item);
                }
            }
        }
        while (taken.Count == MostTaken);
    }

    private async Task WriteOut(StoreBatch batch)
    {
        while (batch.Points > 0 && !TryWrite(batch))
        {
            if (closing.IsCancellationRequested)
            {
                counters.CountDropped(batch.Points);
                return;
            }
            await Pause(StorePauses.After(failures)).ConfigureAwait(false);
        }
    }

    private bool TryWrite(StoreBatch batch)
    {
        try
        {
            writer ??= new StoreWriter(path, options.MaxPages);
            writer.Write(batch, time.GetUtcNow().ToUnixTimeMilliseconds() / 1e3);
        }
        catch (Exception failure) when (StoreTrouble.Is(failure))
        {
            Failed(failure);
            return false;
        }
        if (failures > 0)
        {
            failures = 0;
            counters.Report(null, _ => log($"the store {path} is written again; {counters.Dropped} points were dropped so far"));
        }
        counters.CountWritten(batch.Points);
        return true;
    }

    private void Failed(Exception failure)
    {
        if (failures++ == 0)
        {
            counters.Report(StoreTrouble.InWords(failure, path), _ => log($"the store is not written, sampling goes on: {StoreTrouble.InWords(failure, path)}"));
        }
        writer?.Dispose();
        writer = null;
    }

    /// <summary>Waits, but not when the program ends.</summary>
    private async Task Pause(TimeSpan pause) =>
        await Task.Delay(pause, time, closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private sealed record Told(WatchEvent Happened, Job? Job);
}
