using System.Threading.Channels;

namespace GpuWatch.Sinks;

/// <summary>
/// The queue between the pipeline, which never waits, and a sink that may: bounded, drops the oldest when full, and counts
/// what it dropped. Any thread may add; one reader takes.
/// </summary>
internal sealed class SinkQueue<T>
{
    private readonly Channel<T> channel;

    /// <param name="capacity">Items it holds at most; at least 1.</param>
    public SinkQueue(int capacity, SinkCounters counters)
    {
        channel = Channel.CreateBounded<T>(
            new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => counters.CountDropped(1));
        counters.Queued = () => channel.Reader.Count;
    }

    /// <summary>Never waits. After <see cref="Complete"/> nothing is taken any more.</summary>
    public void Add(T item) => channel.Writer.TryWrite(item);

    /// <summary>No more will come: the reader gets what is left, then the end.</summary>
    public void Complete() => channel.Writer.TryComplete();

    /// <summary>Waits until something is there; false when the queue is complete and empty.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancel) => channel.Reader.WaitToReadAsync(cancel);

    /// <summary>Moves what is there into <paramref name="batch"/>, up to <paramref name="most"/> items in all; never waits.</summary>
    public void TakeInto(List<T> batch, int most)
    {
        while (batch.Count < most && channel.Reader.TryRead(out var item))
        {
            batch.Add(item);
        }
    }
}
