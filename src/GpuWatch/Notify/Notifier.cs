using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Notify;

/// <summary>Tells one channel, on its own time: a channel that is slow or dead holds up nobody, and its health says so.</summary>
internal sealed class Notifier : IEventSink, IAsyncDisposable
{
    private readonly INotifyChannel channel;
    private readonly NotifyOptions options;
    private readonly SinkCounters counters;
    private readonly Action<string> log;
    private readonly TimeProvider time;
    private readonly NotifyPolicy policy;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim news = new(0, 1);
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;
    private volatile bool closing;

    public Notifier(INotifyChannel channel, NotifyOptions options, SinkCounters counters, Action<string> log, TimeProvider time)
    {
        (this.channel, this.options, this.counters, this.log, this.time) = (channel, options, counters, log, time);
        policy = new(options, lost => counters.CountDropped(lost));
        counters.Queued = () => policy.Pending;
        running = Task.Run(RunAsync);
    }

    private double Now => (double)time.GetTimestamp() / time.TimestampFrequency;

    public void Accept(WatchEvent happened)
    {
        lock (gate)
        {
            if (!policy.Observe(happened, Now))
            {
                return;
            }
        }
        Wake();
    }

    /// <summary>What waits for others is told now; what cannot be told is lost, and counted.</summary>
    public async ValueTask DisposeAsync()
    {
        closing = true;
        Wake();
        using (time.CreateTimer(_ => stop.Cancel(), null, TimeSpan.FromMilliseconds(500), Timeout.InfiniteTimeSpan))
        {
            await running.ConfigureAwait(false);
        }
        counters.CountDropped(policy.Pending);
        (channel as IDisposable)?.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                if (Due() is { Count: > 0 } due)
                {
                    var told = await TellAsync(due).ConfigureAwait(false);
                    if (closing && !told)
                    {
                        return;
                    }
                }
                else if (closing)
                {
                    return;
                }
                else
                {
                    await WaitAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private IReadOnlyList<Notice> Due()
    {
        lock (gate)
        {
            return policy.Due(closing && policy.Pending > 0 ? Math.Max(Now, policy.NextAt()) : Now);
        }
    }

    private async Task WaitAsync()
    {
        double seconds;
        lock (gate)
        {
            seconds = policy.NextAt() - Now;
        }
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var wait = news.WaitAsync(enough.Token);
        if (double.IsFinite(seconds))
        {
            await Task.WhenAny(wait, Task.Delay(TimeSpan.FromSeconds(Math.Max(0, seconds)), time, enough.Token)).ConfigureAwait(false);
            await enough.CancelAsync().ConfigureAwait(false);
            stop.Token.ThrowIfCancellationRequested();
            return;
        }
        await wait.ConfigureAwait(false);
    }

    private async Task<bool> TellAsync(IReadOnlyList<Notice> due)
    {
        var delivery = await TryAsync(due).ConfigureAwait(false);
        lock (gate)
        {
            if (delivery.Problem is null)
            {
                policy.Delivered(due, Now);
                counters.CountWritten(due.Count);
            }
            else if (delivery.IsFinal)
            {
                policy.GaveUp(due, Now);
            }
            else
            {
                policy.Failed(Now, Random.Shared.NextDouble());
            }
        }
        counters.Report(delivery.Problem, log);
        return delivery.Problem is null || delivery.IsFinal;
    }

    private async Task<Delivery> TryAsync(IReadOnlyList<Notice> due)
    {
        using var late = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop.Token);
        try
        {
            return await channel.SendAsync(due, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return Delivery.TryAgain($"no answer within {options.Timeout.TotalSeconds:0.#} s");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Whatever a channel does, the agent lives on.
            return Delivery.TryAgain(failure.InnerException?.Message ?? failure.Message);
        }
    }

    private void Wake()
    {
        lock (gate)
        {
            if (news.CurrentCount == 0)
            {
                news.Release();
            }
        }
    }
}
