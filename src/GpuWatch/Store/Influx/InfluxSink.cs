using GpuWatch.Core.Sample;
using GpuWatch.Sinks;
using GpuWatch.Store.LineProtocol;
using GpuWatch.Store.Spool;
using Polly;
using Polly.Retry;

namespace GpuWatch.Store.Influx;

/// <summary>
/// Writes every sweep and event to InfluxDB (or what speaks its protocol): encoded and compressed in batches, one request at
/// a time, in order. What the server does not take now waits in the <see cref="Backlog"/>; what it refuses is counted.
/// </summary>
internal sealed class InfluxSink : ISampleSink, IEventSink, IAsyncDisposable
{
    /// <summary>Batches that may wait in memory while the server takes its time; more go to disk.</summary>
    private const int MemoryBatches = 8;

    /// <summary>How long the end of the program waits for the server before the rest goes to disk; Ctrl-C ends it within a second.</summary>
    private static readonly TimeSpan Parting = TimeSpan.FromMilliseconds(500);

    private readonly InfluxOptions options;
    private readonly SinkCounters counters;
    private readonly Action<string> log;
    private readonly TimeProvider time;
    private readonly SinkQueue<object> queue;
    private readonly LineWriter line = new();
    private readonly InfluxPoints points;
    private readonly MemoryStream packed = new();
    private readonly Backlog backlog;
    private readonly InfluxClient client;
    private readonly BatchSender sender;
    private readonly ResiliencePipeline<Answer> retry;
    private readonly TaskCompletionSource closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stop = new();
    private readonly Task encoding;
    private readonly Task delivering;

    /// <param name="log">Takes sentences for people; never a secret.</param>
    public InfluxSink(InfluxOptions options, PointNames names, SinkCounters counters, Action<string> log, TimeProvider time)
    {
        (this.options, this.counters, this.log, this.time) = (options, counters, log, time);
        points = new(line, names);
        queue = new(options.Queue, counters, SweepPoints.Of);
        backlog = new(OpenSpool(), MemoryBatches, counters.CountDropped);
        var inQueue = counters.Queued;
        counters.Queued = () => (int)Math.Min(int.MaxValue, inQueue() + backlog.Points);
        client = new(options, time);
        sender = new(client.SendAsync, options.BatchPoints);
        retry = Retry();
        encoding = Task.Run(EncodeAsync);
        delivering = Task.Run(DeliverAsync);
    }

    public void Accept(Sweep sweep) => queue.Add(sweep);

    public void Accept(WatchEvent happened) => queue.Add(happened);

    /// <summary>Sends what is there; what cannot be sent within some seconds goes to disk.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Complete();
        closing.SetResult();
        using (time.CreateTimer(_ => stop.Cancel(), null, Parting, Timeout.InfiniteTimeSpan))
        {
            await encoding.ConfigureAwait(false);
            backlog.Complete();
            await delivering.ConfigureAwait(false);
        }
        backlog.Dispose();
        client.Dispose();
        stop.Dispose();
    }

    private DiskSpool? OpenSpool()
    {
        try
        {
            return options.Spool is { } folder ? new DiskSpool(folder, options.SpoolLimitBytes, counters.CountDropped) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Report($"the spool {options.Spool} cannot be used: {failure.Message}");
            return null;
        }
    }

    private async Task EncodeAsync()
    {
        var taken = new List<object>();
        try
        {
            await EncodeAsync(taken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            counters.CountDropped(line.Lines);
        }
    }

    private async Task EncodeAsync(List<object> taken)
    {
        while (await queue.WaitAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await EncodeWaitingAsync(taken).ConfigureAwait(false);
            if (line.Lines == 0)
            {
                continue;
            }
            // Others may come and share the request; the end of the program does not wait for them.
            await Task.WhenAny(closing.Task, Task.Delay(options.FlushEvery, time)).ConfigureAwait(false);
            await EncodeWaitingAsync(taken).ConfigureAwait(false);
            await SealAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask EncodeWaitingAsync(List<object> taken)
    {
        do
        {
            taken.Clear();
            queue.TakeInto(taken, most: 256);
            foreach (var item in taken)
            {
                points.Append(item);
                if (line.Lines >= sender.BatchPoints)
                {
                    await SealAsync().ConfigureAwait(false);
                }
            }
        }
        while (taken.Count > 0);
    }

    private async ValueTask SealAsync()
    {
        if (line.Lines > 0)
        {
            await backlog.RoomAsync(stop.Token).ConfigureAwait(false);
            backlog.Add(line.Lines, Gzip.Compress(line.Written, packed));
            line.Clear();
        }
    }

    private async Task DeliverAsync()
    {
        try
        {
            while (await backlog.WaitAsync(stop.Token).ConfigureAwait(false))
            {
                await DeliverOldestAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            backlog.Spill();
        }
    }

    /// <summary>The oldest batch until it is gone, whatever happens on the way: the disk under the spool may fail at any call.</summary>
    private async Task DeliverOldestAsync()
    {
        try
        {
            await retry.ExecuteAsync(SendOldestAsync, stop.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Report($"the spool cannot be read: {failure.Message}");
            await Task.Delay(options.LongestPause, time, stop.Token).ConfigureAwait(false);
        }
    }

    private async ValueTask<Answer> SendOldestAsync(CancellationToken cancel)
    {
        if (backlog.Peek() is not { } batch)
        {
            return Answer.Stored;
        }
        var answer = await sender.SendAsync(batch, cancel).ConfigureAwait(false);
        if (answer.Outcome is Outcome.Stored or Outcome.Refused)
        {
            backlog.Remove(batch);
            counters.CountWritten(batch.Points - answer.RefusedPoints);
            counters.CountRejected(answer.RefusedPoints);
            Report(answer.RefusedPoints > 0 ? $"{answer.RefusedPoints} of {batch.Points} points refused for good: {answer.Reason}" : null);
        }
        return answer;
    }

    private ResiliencePipeline<Answer> Retry()
    {
        var pauses = new Pauses(options.FirstPause, options.LongestPause, Random.Shared.NextDouble);
        return new ResiliencePipelineBuilder<Answer> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<Answer>
            {
                ShouldHandle = tried => ValueTask.FromResult(tried.Outcome.Result?.Outcome is Outcome.Later or Outcome.Barred),
                MaxRetryAttempts = int.MaxValue,
                DelayGenerator = tried => ValueTask.FromResult<TimeSpan?>(pauses.Before(tried.AttemptNumber, tried.Outcome.Result!)),
                OnRetry = tried =>
                {
                    backlog.Spill();
                    Report(tried.Outcome.Result!.Reason);
                    return default;
                },
            })
            .Build();
    }

    private void Report(string? problem)
    {
        if (backlog?.DiskProblem is { } disk)
        {
            problem = (problem is null ? "" : problem + "; ") + $"the spool takes nothing: {disk}";
        }
        counters.Report(problem, log);
    }
}
