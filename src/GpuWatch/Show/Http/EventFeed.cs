using System.Threading.Channels;
using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Show.Http;

/// <summary>What a listener of the feed gets: an event with its number, or only the news that there is a new sample or that time passes.</summary>
internal readonly record struct FeedItem(long Number, WatchEvent? Event, bool IsSample);

/// <summary>
/// Fans the events out to those who listen. Each has a bounded queue that drops its oldest when it does not keep up; the last
/// events are kept, so that one who comes back gets what it missed.
/// </summary>
/// <param name="run">Tells this run of the agent from the one before, whose numbers mean nothing here.</param>
internal sealed class EventFeed(long run) : ISampleSink, IEventSink
{
    public const int MostListeners = 32;
    private const int Kept = 512;
    private const int Queue = 256;

    private readonly Lock guard = new();
    private readonly Queue<FeedItem> recent = new(Kept);
    private readonly List<Channel<FeedItem>> listeners = [];
    private long last;

    public long Run => run;

    public void Accept(WatchEvent happened)
    {
        lock (guard)
        {
            var item = new FeedItem(++last, happened, false);
            if (recent.Count == Kept)
            {
                recent.Dequeue();
            }
            recent.Enqueue(item);
            Tell(item);
        }
    }

    public void Accept(Sweep sweep) => Nudge(isSample: true);

    /// <summary>Wakes every listener; with no sample it is a sign of life.</summary>
    public void Nudge(bool isSample)
    {
        lock (guard)
        {
            Tell(new FeedItem(0, null, isSample));
        }
    }

    /// <summary>Null when there are too many. The reader begins with what came after number <paramref name="after"/>.</summary>
    public Channel<FeedItem>? Listen(long after)
    {
        lock (guard)
        {
            if (listeners.Count >= MostListeners)
            {
                return null;
            }
            var listener = Channel.CreateBounded<FeedItem>(new BoundedChannelOptions(Queue + Kept) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
            foreach (var item in recent)
            {
                if (item.Number > after)
                {
                    listener.Writer.TryWrite(item);
                }
            }
            listeners.Add(listener);
            return listener;
        }
    }

    public void Leave(Channel<FeedItem> listener)
    {
        lock (guard)
        {
            listeners.Remove(listener);
        }
    }

    private void Tell(FeedItem item)
    {
        foreach (var listener in listeners)
        {
            listener.Writer.TryWrite(item);
        }
    }
}
