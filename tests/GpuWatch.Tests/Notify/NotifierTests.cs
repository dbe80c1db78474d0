using System.Collections.Concurrent;
using GpuWatch.Notify;
using GpuWatch.Sinks;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Notify;

/// <summary>In virtual time: how long a machine takes to run the code counts for nothing.</summary>
public sealed class NotifierTests
{
    private readonly ManualTime time = new();
    private readonly SinkCounters counters = new("test");
    private readonly ConcurrentQueue<string> log = [];

    [Fact]
    public async Task A_channel_that_throws_hurts_nobody_shows_in_health_and_is_tried_again()
    {
        string? shown = null;
        var channel = new Scripted(
            () => throw new InvalidOperationException("boom"),
            () =>
            {
                shown = counters.Problem;
                return Delivery.TryAgain("busy");
            },
            () => Delivery.Done);
        await using var notifier = Notifier(channel);
        notifier.Accept(SomeAlert.Raised());
        await PassUntil(() => counters.Written == 1);

        Assert.Equal("boom", shown);
        await Eventually.HoldsAsync(() => counters.Problem is null, 30, "the problem is over");
        Assert.Equal(["test: boom", "test: busy", "test: delivering again"], log);
    }

    [Fact]
    public async Task A_channel_that_hangs_holds_up_neither_who_tells_it_nor_the_end()
    {
        var channel = new Scripted() { Hangs = true };
        var notifier = Notifier(channel);
        for (var i = 0; i < 5000; i++)
        {
            notifier.Accept(SomeAlert.Raised(pid: i));
        }
        await PassUntil(() => channel.Asked > 0);
        var end = notifier.DisposeAsync().AsTask();
        time.Advance(Seconds(0.5));
        await end.WaitAsync(Seconds(30));

        Assert.Equal(5000, counters.Dropped);
    }

    /// <summary>Issue 5: who is told is told within 2 s of the event.</summary>
    [Fact]
    public async Task An_alert_waits_for_others_for_less_than_a_third_of_a_second()
    {
        await using var notifier = Notifier(new Scripted(), new());
        notifier.Accept(SomeAlert.Raised());
        await time.Waited();
        Assert.Equal(0, counters.Written);

        time.Advance(Seconds(0.3));
        await Eventually.HoldsAsync(() => counters.Written == 1, 30, "it is told");
    }

    [Fact]
    public async Task The_end_of_the_agent_does_not_wait_for_company()
    {
        var notifier = Notifier(new Scripted(() => Delivery.Done), new() { GroupWait = TimeSpan.FromMinutes(5) });
        notifier.Accept(SomeAlert.Raised());
        await notifier.DisposeAsync();

        Assert.Equal(1, counters.Written);
    }

    /// <summary>The clock moves on by small steps while somebody waits on it and what is hoped for has not come.</summary>
    private Task PassUntil(Func<bool> holds) => Eventually.HoldsAsync(
        () =>
        {
            if (holds())
            {
                return true;
            }
            time.Advance(Seconds(0.05));
            return false;
        }, 30, "it came to pass");

    private Notifier Notifier(INotifyChannel channel, NotifyOptions? options = null) =>
        new(channel, options ?? new() { GroupWait = TimeSpan.FromMilliseconds(1) }, counters, log.Enqueue, time);

    private sealed class Scripted(params Func<Delivery>[] answers) : INotifyChannel
    {
        private readonly ConcurrentQueue<Func<Delivery>> answers = new(answers);
        private int asked;

        public bool Hangs { get; init; }
        public int Asked => Volatile.Read(ref asked);

        public async Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop)
        {
            Interlocked.Increment(ref asked);
            if (Hangs)
            {
                await Task.Delay(Timeout.Infinite, stop);
            }
            return answers.TryDequeue(out var answer) ? answer() : Delivery.Done;
        }
    }
}
