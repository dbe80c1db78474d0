using GpuWatch.Store.Spool;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Store.Spool;

public sealed class BacklogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private long dropped;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void While_the_server_keeps_up_nothing_touches_the_disk()
    {
        using var backlog = WithDisk();
        Add(backlog, 3);

        Assert.Equal(0, backlog.DiskBytes);
        Assert.Equal([0, 1, 2], Drain(backlog));
    }

    [Fact]
    public void An_outage_puts_everything_on_disk_and_the_order_holds_until_it_is_drained()
    {
        using var backlog = WithDisk();
        Add(backlog, 2);
        backlog.Spill();
        Add(backlog, 2);
        Assert.True(backlog.DiskBytes > 0);
        Assert.Equal(40, backlog.Points);

        Assert.Equal([0, 1, 2, 3], Drain(backlog));
        Add(backlog, 1);
        Assert.Equal(0, backlog.DiskBytes);
        Assert.Equal([4], Drain(backlog));
    }

    [Fact]
    public void A_slow_server_fills_memory_then_the_disk()
    {
        using var backlog = WithDisk(memory: 4);
        Add(backlog, 10);

        Assert.True(backlog.DiskBytes > 0);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), Drain(backlog));
        Assert.Equal(0, dropped);
    }

    [Fact]
    public void Without_a_disk_the_oldest_go_and_are_counted()
    {
        using var backlog = new Backlog(null, memoryBatches: 4, points => dropped += points);
        Add(backlog, 10);
        backlog.Spill();

        Assert.Equal([6, 7, 8, 9], Drain(backlog));
        Assert.Equal(60, dropped);
    }

    [Fact]
    public void A_batch_that_moved_to_disk_while_it_was_being_sent_is_removed_there()
    {
        using var backlog = WithDisk();
        Add(backlog, 2);
        var inFlight = backlog.Peek()!;
        backlog.Spill();
        backlog.Remove(inFlight);

        Assert.Equal([1], Drain(backlog));
    }

    [Fact]
    public void What_an_earlier_run_left_comes_first_and_numbers_go_on()
    {
        using (var before = WithDisk())
        {
            Add(before, 3);
            before.Spill();
        }
        using var after = WithDisk();
        Add(after, 2);

        Assert.Equal([0, 1, 2, 3, 4], Drain(after));
    }

    [Fact]
    public async Task Waiting_ends_when_nothing_more_will_come()
    {
        using var backlog = WithDisk();
        var waiting = backlog.WaitAsync(CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        backlog.Complete();

        Assert.False(await waiting);
    }

    private Backlog WithDisk(int memory = 8) =>
        new(new DiskSpool(folder.File("spool"), 1 << 20, points => dropped += points), memory, points => dropped += points);

    private static void Add(Backlog backlog, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            backlog.Add(10, new byte[32]);
        }
    }

    private static List<long> Drain(Backlog backlog)
    {
        var sequences = new List<long>();
        while (backlog.Peek() is { } batch)
        {
            sequences.Add(batch.Sequence);
            backlog.Remove(batch);
        }
        return sequences;
    }
}
