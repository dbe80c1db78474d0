using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Store.Sqlite;

namespace GpuWatch.Tests.Store.Sqlite;

public sealed class RollupTests
{
    [Fact]
    public void A_span_is_its_least_mean_and_most_and_complete_when_the_next_begins()
    {
        var rollup = new Rollup(10);
        var complete = new List<RollupPoint>();

        rollup.Take(20, 0, 7, 5, complete);
        rollup.Take(24, 0, 7, 1, complete);
        rollup.Take(28, 0, 7, 9, complete);
        Assert.Empty(complete);
        rollup.Take(30, 0, 7, 100, complete);

        Assert.Equal([new RollupPoint(10, 20, 0, 7, 1, 5, 9, 3)], complete);
    }

    [Fact]
    public void Samples_that_come_fast_weigh_no_more_than_the_time_they_cover()
    {
        var rollup = new Rollup(60);
        var complete = new List<RollupPoint>();

        for (var tick = 0; tick < 80; tick++)
        {
            rollup.Take(tick / 8.0, 0, 7, 1000, complete);
        }
        for (var second = 10; second < 60; second++)
        {
            rollup.Take(second, 0, 7, 400, complete);
        }
        rollup.Drain(complete);

        Assert.Equal((500, 130), (complete.Single().Mean, complete.Single().Samples));
    }

    [Fact]
    public void Devices_and_processes_are_series_of_their_own()
    {
        var rollup = new Rollup(60);
        var complete = new List<RollupPoint>();

        rollup.Take(0, 0, null, 30, complete);
        rollup.Take(0, 0, 7, 10, complete);
        rollup.Take(0, 1, 7, 20, complete);
        rollup.Drain(complete);

        Assert.Equal([(0, (int?)null, 30L), (0, 7, 10), (1, 7, 20)], complete.Select(point => (point.Gpu, point.Pid, point.Most)));
    }

    [Fact]
    public void A_process_that_is_gone_leaves_no_span_behind()
    {
        var rollup = new Rollup(10);
        var complete = new List<RollupPoint>();

        rollup.Take(0, 0, 7, 1, complete);
        rollup.Take(10, 0, 8, 1, complete);
        rollup.Take(20, 0, 8, 1, complete);

        Assert.Equal([7, 8], complete.Select(point => point.Pid!.Value));
    }

    [Fact]
    public void No_sample_is_lost_and_none_lies_outside_its_spans_bounds() =>
        Prop.ForAll<int[]>(values =>
        {
            var rollup = new Rollup(10);
            var complete = new List<RollupPoint>();
            for (var second = 0; second < values.Length; second++)
            {
                rollup.Take(second * 0.7, 0, 1, Math.Abs((long)values[second]), complete);
            }
            rollup.Drain(complete);
            var all = values.Select(value => Math.Abs((long)value)).ToList();
            return complete.Sum(point => point.Samples) == all.Count
                && Math.Abs(complete.Sum(point => point.Mean * point.Samples) - all.Sum()) <= 1e-6 * (1 + all.Sum())
                && complete.Select(point => point.Most).DefaultIfEmpty().Max() == all.DefaultIfEmpty().Max()
                && complete.All(point => point.Least <= point.Mean && point.Mean <= point.Most && point.TimeSeconds % 10 == 0);
        }).QuickCheckThrowOnFailure();
}
