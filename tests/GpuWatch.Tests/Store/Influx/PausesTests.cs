using GpuWatch.Store.Influx;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Store.Influx;

public sealed class PausesTests
{
    private static readonly Answer Down = new(Outcome.Later);

    [Fact]
    public void They_double_up_to_the_longest()
    {
        var pauses = new Pauses(Seconds(0.5), Seconds(30), () => 1);

        Assert.Equal([0.5, 1, 2, 4, 8, 16, 30, 30], Enumerable.Range(0, 8).Select(i => pauses.Before(i, Down).TotalSeconds));
        Assert.Equal(30, pauses.Before(int.MaxValue, Down).TotalSeconds);
    }

    [Fact]
    public void Jitter_takes_off_up_to_a_half() =>
        Assert.Equal(2, new Pauses(Seconds(0.5), Seconds(30), () => 0).Before(3, Down).TotalSeconds);

    [Theory]
    [InlineData(60, 60)]
    [InlineData(0.1, 1)]
    [InlineData(-5, 1)]
    [InlineData(1e6, 3600)]
    public void The_server_may_ask_for_more_but_not_for_less_and_not_for_ever(double asked, double expected)
    {
        var pauses = new Pauses(Seconds(1), Seconds(30), () => 1);

        Assert.Equal(expected, pauses.Before(0, Down with { RetryAfter = Seconds(asked) }).TotalSeconds);
    }

    [Fact]
    public void What_a_person_must_mend_is_asked_after_slowly() =>
        Assert.Equal(5, new Pauses(Seconds(0.5), Seconds(30), () => 1).Before(0, new Answer(Outcome.Barred)).TotalSeconds);
}
