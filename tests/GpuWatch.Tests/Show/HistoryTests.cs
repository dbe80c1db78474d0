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
