using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Alert;
using GpuWatch.Notify;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Notify;

public sealed class NotifyPolicyTests
{
    private int dropped;

    [Fact]
    public void An_alert_is_told_once_however_often_it_is_raised()
    {
        var policy = Policy();
        Assert.True(policy.Observe(SomeAlert.Raised(), 0));
        Assert.False(policy.Observe(SomeAlert.Raised(), 0.1));
        Assert.Single(Tell(policy, 1));
        Assert.False(policy.Observe(SomeAlert.Raised(), 2));
        Assert.Empty(Tell(policy, 100));
    }

    [Fact]
    public void An_agent_that_stops_does_not_call_what_stands_resolved()
    {
        var policy = Policy();
        policy.Observe(SomeAlert.Raised(), 0);
        Tell(policy, 1);

        var watching = new Watching().See([0.4, 2, 2, 2, 8, 8, 8, 8, 8, 8, 8]).See(Enumerable.Range(1, 79).SelectMany(step => Enumerable.Repeat(8 + 0.1 * step, 5))).Finish();
        var ends = watching.Events.OfType<AlertResolved>().Where(resolved => resolved.IsEndOfWatching).ToList();
        Assert.NotEmpty(ends);
        Assert.All(ends, end => Assert.False(policy.Observe(SomeAlert.Resolved() with { Alert = end.Alert }, 2)));
    }

    [Fact]
    public void A_rise_in_severity_is_news_and_a_fall_is_none()
    {
        var policy = Policy();
        policy.Observe(SomeAlert.Raised(Severity.Warning), 0);
        Tell(policy, 1);
        policy.Observe(SomeAlert.Raised(Severity.Critical), 2);
        policy.Observe(SomeAlert.Raised(Severity.Warning), 3);

        var told = Assert.Single(Tell(policy, 4));
        Assert.Equal((Severity.Critical, Severity.Warning), (told.Alert.Severity, told.Was));
    }

    [Fact]
    public void An_end_is_told_only_of_what_was_begun_and_makes_room_for_a_new_beginning()
    {
        var policy = Policy();
        Assert.False(policy.Observe(SomeAlert.Resolved(), 0));
        policy.Observe(SomeAlert.Raised(), 1);
        policy.Observe(SomeAlert.Resolved(), 2);
        policy.Observe(SomeAlert.Raised(), 3);

        Assert.Equal([true, false, true], Tell(policy, 4).Select(notice => notice.IsFiring));
    }

    [Fact]
    public void When_nothing_stands_nothing_is_repeated_though_the_end_could_not_be_told()
    {
        var policy = Policy(new() { RepeatEvery = At.Seconds(60), GiveUpAfter = At.Seconds(5) });
        policy.Observe(SomeAlert.Raised(), 0);
        Tell(policy, 1);
        policy.Observe(SomeAlert.Resolved(), 2);
        policy.Failed(3, 0.5);

        Assert.Empty(policy.Due(100));
        Assert.Equal(double.PositiveInfinity, policy.NextAt());
    }

    [Fact]
    public void What_lies_below_the_threshold_is_not_told_and_neither_is_its_end()
    {
        var policy = Policy(new() { AtLeast = Severity.Critical });
        Assert.False(policy.Observe(SomeAlert.Raised(Severity.Warning), 0));
        Assert.False(policy.Observe(SomeAlert.Resolved(Severity.Warning), 1));
    }

    [Fact]
    public void Alerts_that_come_together_are_one_message()
    {
        var policy = Policy(new() { GroupWait = At.Seconds(0.25) });
        policy.Observe(SomeAlert.Raised(gpu: 0), 10);
        policy.Observe(SomeAlert.Raised(gpu: 1), 10.2);
        Assert.Empty(policy.Due(10.24));
        Assert.Equal(10.25, policy.NextAt());

        Assert.Equal(2, Tell(policy, 10.25).Count);
    }

    [Fact]
    public void Too_many_messages_wait_and_go_as_one()
    {
        var policy = Policy(new() { GroupWait = TimeSpan.Zero, MostPerMinute = 3 });
        for (var i = 0; i < 10; i++)
        {
            policy.Observe(SomeAlert.Raised(gpu: i), i);
            Tell(policy, i);
        }
        Assert.Equal(7, policy.Pending);
        Assert.Equal(60, policy.NextAt());
        Assert.Equal(7, Tell(policy, 60).Count);
    }

    [Fact]
    public void A_failure_is_tried_again_after_pauses_that_double_and_nothing_is_lost()
    {
        var policy = Policy();
        policy.Observe(SomeAlert.Raised(), 0);
        var (now, pauses) = (1.0, new List<double>());
        for (var i = 0; i < 10; i++)
        {
            Assert.Single(policy.Due(now));
            policy.Failed(now, random: 1);
            Assert.Empty(policy.Due(now));
            pauses.Add(policy.NextAt() - now);
            now = policy.NextAt();
        }
        Assert.Equal([0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60], pauses);
        Assert.Single(Tell(policy, now));
        Assert.Equal(0, dropped);
    }

    [Fact]
    public void What_comes_while_a_message_is_on_its_way_is_told_next()
    {
        var policy = Policy();
        policy.Observe(SomeAlert.Raised(gpu: 0), 0);
        var told = policy.Due(1);
        policy.Observe(SomeAlert.Raised(gpu: 1), 1);
        policy.Delivered(told, 2);

        Assert.Equal(1, Assert.Single(Tell(policy, 3)).Happened.Gpu);
    }

    [Fact]
    public void News_of_an_hour_ago_and_news_beyond_the_bound_are_dropped_and_counted()
    {
        var policy = Policy(new() { Most = 2 });
        for (var i = 0; i < 3; i++)
        {
            policy.Observe(SomeAlert.Raised(gpu: i), 0);
        }
        Assert.Equal(1, dropped);
        Assert.Empty(policy.Due(3601));
        Assert.Equal(3, dropped);
    }

    [Fact]
    public void Receivers_that_forget_are_told_again_while_the_alert_stands()
    {
        var policy = Policy(new() { RepeatEvery = At.Seconds(60) });
        policy.Observe(SomeAlert.Raised(), 0);
        Tell(policy, 1);
        Assert.Empty(policy.Due(60));
        Assert.Single(Tell(policy, 61));
        policy.Observe(SomeAlert.Resolved(), 70);
        Assert.False(Assert.Single(Tell(policy, 71)).IsFiring);
        Assert.Equal(double.PositiveInfinity, policy.NextAt());
    }

    [Fact]
    public void Whatever_happens_each_alert_is_told_as_begun_and_ended_in_turn() =>
        Prop.ForAll(
            Gen.Elements("raise 0", "raise 1", "worsen 0", "resolve 0", "resolve 1", "tell", "fail", "wait").ListOf().ToArbitrary(),
            actions =>
            {
                var policy = Policy(new() { GroupWait = TimeSpan.Zero, MostPerMinute = 4, GiveUpAfter = TimeSpan.FromDays(1) });
                var (now, told) = (0.0, new List<Notice>());
                foreach (var action in actions.Append("wait").Append("tell"))
                {
                    var gpu = action.EndsWith('1') ? 1 : 0;
                    now += action == "wait" ? 120 : 0.01;
                    switch (action.Split(' ')[0])
                    {
                        case "raise": policy.Observe(SomeAlert.Raised(Severity.Warning, gpu), now); break;
                        case "worsen": policy.Observe(SomeAlert.Raised(Severity.Critical, gpu), now); break;
                        case "resolve": policy.Observe(SomeAlert.Resolved(gpu: gpu), now); break;
                        case "tell": told.AddRange(Tell(policy, now)); break;
                        case "fail" when policy.Due(now).Count > 0: policy.Failed(now, 1); break;
                    }
                }
                return policy.Pending == 0 && told.GroupBy(notice => notice.Key).All(TakesTurns);
            }).QuickCheckThrowOnFailure();

    private static bool TakesTurns(IEnumerable<Notice> told)
    {
        Severity? standing = null;
        foreach (var notice in told)
        {
            if (notice.Was != standing || (notice.IsFiring && standing is { } was && notice.Alert.Severity <= was) || (!notice.IsFiring && standing is null))
            {
                return false;
            }
            standing = notice.IsFiring ? notice.Alert.Severity : null;
        }
        return true;
    }

    private NotifyPolicy Policy(NotifyOptions? options = null) => new(options ?? new(), lost => dropped += lost);

    private static IReadOnlyList<Notice> Tell(NotifyPolicy policy, double now)
    {
        var due = policy.Due(now);
        if (due.Count > 0)
        {
            policy.Delivered(due, now);
        }
        return due;
    }
}
