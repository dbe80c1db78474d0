using System.Threading.Channels;

namespace GpuWatch.Sinks;

/// <summary>
/// The queue between the pipeline, which never waits, and a sink that may: bounded, drops the oldest when full, and counts
/// the points it dropped. Any thread may add; one reader takes.
/// </summary>
internal sealed class SinkQueue<T>
{
    private readonly Channel<T> channel;
    private readonly Func<T, int> points;
    private long waiting;

    /// <param name="capacity">Items it holds at most; at least 1.</param>
    /// <param name="points">How many points the sink makes of an item, for the counters; null: each is one.</param>
    public SinkQueue(int capacity, SinkCounters counters, Func<T, int>? points = null)
    {
        this.points = points ?? (_ => 1);
        channel = Channel.CreateBounded<T>(
            new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            dropped => counters.CountDropped(Gone(dropped)));
        counters.Queued = () => (int)Math.Clamp(Interlocked.Read(ref waiting), 0, int.MaxValue);
    }

    /// <summary>Never waits. After <see cref="Complete"/> nothing is taken any more.</summary>
    public void Add(T item)
    {
        Interlocked.Add(ref waiting, points(item));
        if (!channel.Writer.TryWrite(item))
        {
            Gone(item);
        }
    }

    /// <summary>No more will come: the reader gets what is left, then the end.</summary>
    public void Complete() => channel.Writer.TryComplete();

    /// <summary>Waits until something is there; false when the queue is complete and empty.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancel) => channel.Reader.WaitToReadAsync(cancel);

    /// <summary>Moves what is there into <paramref name="batch"/>, up to <paramref name="most"/> items in all; never waits.</summary>
    public void TakeInto(List<T> batch, int most)
    {
        while (batch.Count < most && channel.Reader.TryRead(out var item))
        {
            Gone(item);
            batch.Add(item);
        }
    }

    private int Gone(T item)
    {
        var count = points(item);
        Interlocked.Add(ref waiting, -count);
        return count;
    }
}
