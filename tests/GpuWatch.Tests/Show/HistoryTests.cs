using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Show;

namespace GpuWatch.Tests.Show;

public sealed class HistoryTests
{
    [Fact]
    public void Keeps_the_highest_value_of_each_second()
    {
        var history = new History();
        history.Add(1.0, 5);
        history.Add(1.5, 9);
        history.Add(1.9, 7);
        history.Add(2.0, 1);

        Assert.Equal([(1.0, 9), (2.0, 1)], Points(history));
    }

    [Fact]
    public void Of_a_plateau_only_the_ends_are_kept_and_a_peak_right_after_it_does_not_bend_it()
    {
        var history = new History();
        for (var second = 1; second <= 20; second++)
        {
            history.Add(second, 5);
        }
        history.Add(20.5, 9);
        history.Add(21, 5);

        Assert.Equal([(1.0, 5), (19.0, 5), (20.0, 9), (21.0, 5)], Points(history));
        Assert.Equal([null, 5, 5, 9, 5], new[] { 0.5, 1, 12.7, 20.9, 30 }.Select(history.At));
    }

    [Fact]
    public void What_has_gone_by_for_longer_than_the_capacity_is_dropped_also_of_a_plateau()
    {
        var history = new History(capacity: 50);
        for (var second = 0; second <= 200; second++)
        {
            history.Add(second, second < 100 ? 1 : 2);
        }

        Assert.Equal([(100.0, 2), (199.0, 2), (200.0, 2)], Points(history));
    }

    [Fact]
    public void Keeps_the_last_points_only_in_order() =>
        Prop.ForAll(Arb.From(Gen.Choose(0, 200)), count =>
        {
            var history = new History(capacity: 50);
            for (var second = 0; second < count; second++)
            {
                history.Add(second, second * 10L);
            }
            Assert.Equal(Enumerable.Range(Math.Max(0, count - 50), Math.Min(count, 50)).Select(second => ((double)second, second * 10L)), Points(history));
        }).QuickCheckThrowOnFailure();

    private static IEnumerable<(double, long)> Points(History history) => Enumerable.Range(0, history.Count).Select(i => history[i]);
}
