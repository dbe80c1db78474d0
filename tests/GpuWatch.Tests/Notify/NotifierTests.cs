using System.Collections.Concurrent;
using GpuWatch.Notify;
using GpuWatch.Sinks;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Notify;

public sealed class NotifierTests
{
    private readonly SinkCounters counters = new("test");
    private readonly List<string> log = [];

    [Fact]
    public async Task A_channel_that_throws_hurts_nobody_shows_in_health_and_is_tried_again()
    {
        var channel = new Scripted(() => throw new InvalidOperationException("boom"), () => Delivery.TryAgain("busy"), () => Delivery.Done);
        await using var notifier = Notifier(channel);
        notifier.Accept(SomeAlert.Raised());
        await Eventually.HoldsAsync(() => counters.Problem == "boom", 5, "the problem shows");
        await Eventually.HoldsAsync(() => counters.Written == 1, 10, "it was delivered in the end");

        Assert.Null(counters.Problem);
        Assert.Equal(["test: boom", "test: busy", "test: delivering again"], log);
    }

    [Fact]
    public async Task A_channel_that_hangs_holds_up_neither_who_tells_it_nor_the_end()
    {
        var channel = new Scripted() { Hangs = true };
        var notifier = Notifier(channel);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 5000; i++)
        {
            notifier.Accept(SomeAlert.Raised(pid: i));
        }
        await notifier.DisposeAsync();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), watch.Elapsed.ToString());
        Assert.Equal(5000, counters.Dropped);
    }

    [Fact]
    public async Task The_end_of_the_agent_does_not_wait_for_company()
    {
        var channel = new Scripted(() => Delivery.Done);
        var notifier = Notifier(channel, new() { GroupWait = TimeSpan.FromMinutes(5) });
        notifier.Accept(SomeAlert.Raised());
        await notifier.DisposeAsync();

        Assert.Equal(1, counters.Written);
    }

    private Notifier Notifier(INotifyChannel channel, NotifyOptions? options = null) =>
        new(channel, options ?? new() { GroupWait = TimeSpan.FromMilliseconds(1) }, counters, log.Add, TimeProvider.System);

    private sealed class Scripted(params Func<Delivery>[] answers) : INotifyChannel
    {
        private readonly ConcurrentQueue<Func<Delivery>> answers = new(answers);

        public bool Hangs { get; init; }

        public async Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop)
        {
            if (Hangs)
            {
                await Task.Delay(Timeout.Infinite, stop);
            }
            return answers.TryDequeue(out var answer) ? answer() : Delivery.Done;
        }
    }
}
