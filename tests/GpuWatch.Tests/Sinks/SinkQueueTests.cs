using GpuWatch.Sinks;
using GpuWatch.Tests.Store.Sqlite;

namespace GpuWatch.Tests.Sinks;

public sealed class SinkQueueTests
{
    private readonly SinkCounters counters = new("test");

    [Fact]
    public void A_full_queue_drops_the_oldest_and_counts_it()
    {
        var queue = new SinkQueue<int>(3, counters);
        for (var i = 1; i <= 5; i++)
        {
            queue.Add(i);
        }
        var batch = new List<int>();

        queue.TakeInto(batch, most: 10);

        Assert.Equal([3, 4, 5], batch);
        Assert.Equal(2, counters.Dropped);
    }

    [Fact]
    public void What_waits_is_shown_and_a_batch_takes_no_more_than_asked()
    {
        var queue = new SinkQueue<int>(10, counters);
        queue.Add(1);
        queue.Add(2);
        queue.Add(3);
        var batch = new List<int>();

        queue.TakeInto(batch, most: 2);

        Assert.Equal([1, 2], batch);
        Assert.Equal(1, counters.Queued());
    }

    [Fact]
    public void Overflow_and_waiting_are_counted_in_points_not_in_items()
    {
        var queue = new SinkQueue<object>(2, counters, SweepPoints.Of);
        queue.Add(StoredSweeps.At(0, 1, (7, 1), (8, 1)));
        queue.Add(StoredSweeps.At(1, 1, (7, 1)));
        queue.Add("an event");
        Assert.Equal((3, 3), (counters.Dropped, counters.Queued()));

        queue.TakeInto([], most: 1);
        queue.Complete();
        queue.Add("too late");

        Assert.Equal((3, 1), (counters.Dropped, counters.Queued()));
    }

    [Fact]
    public async Task After_completion_the_rest_is_still_read_and_then_the_end()
    {
        var queue = new SinkQueue<int>(10, counters);
        queue.Add(1);
        queue.Complete();
        queue.Add(2);
        var batch = new List<int>();

        Assert.True(await queue.WaitAsync(CancellationToken.None));
        queue.TakeInto(batch, most: 10);

        Assert.Equal([1], batch);
        Assert.False(await queue.WaitAsync(CancellationToken.None));
    }
}
