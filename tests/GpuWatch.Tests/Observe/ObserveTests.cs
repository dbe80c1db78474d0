using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Observe;

public sealed class ObserveTests
{
    [Fact]
    public void Stairs_of_one_size_at_one_interval_are_a_rhythm()
    {
        var stairs = Stairs([(5, 700), (100, 50), (110, 50), (120, 50), (130, 51)]);
        var rhythm = Rhythm.Of(stairs, afterSeconds: 2);
        Assert.Equal(4, rhythm.Count);
        Assert.Equal(10, rhythm.GapSeconds, 3);
        Assert.Equal(95, rhythm.QuietSeconds, 3);
        Assert.True(rhythm.IsClockwork);
    }

    [Fact]
    public void A_rhythm_longer_than_the_memory_of_stairs_keeps_its_count_and_the_quiet_before_it()
    {
        var (stairs, rhythm) = (new RecentStairs(), default(Rhythm));
        for (var i = 0; i < 100; i++)
        {
            stairs.Add(new Stair(100 + 5 * i, Bytes.FromMiB(100), Bytes.FromMiB(100 * i)), 1);
            rhythm = Rhythm.Of(stairs, afterSeconds: 93, before: rhythm);
        }
        Assert.Equal((100, 7.0), (rhythm.Count, rhythm.QuietSeconds));
        Assert.False(rhythm.IsClockwork);
    }

    [Fact]
    public void Records_of_a_stationary_load_are_no_rhythm() =>
        Assert.True(Rhythm.Of(Stairs([(12, 400), (24, 300), (50, 250), (120, 90)]), 2).Count < 3);

    [Fact]
    public void Equal_rises_between_falls_are_a_saw_tooth_not_a_rhythm()
    {
        var stairs = new RecentStairs();
        for (var t = 10; t < 100; t += 10)
        {
            stairs.Add(new Stair(t, Bytes.FromGiB(14), Bytes.FromGiB(40)), 1);
        }
        Assert.True(Rhythm.Of(stairs, 2).Count < 2);
    }

    [Fact]
    public void A_rise_over_consecutive_samples_is_one_stair()
    {
        var stairs = new RecentStairs();
        stairs.Add(new Stair(1, Bytes.FromMiB(10), Bytes.FromMiB(10)), 1);
        stairs.Add(new Stair(1.5, Bytes.FromMiB(20), Bytes.FromMiB(30)), 1);
        Assert.Equal(new Stair(1.5, Bytes.FromMiB(30), Bytes.FromMiB(30)), Assert.Single(All(stairs)));
    }

    [Fact]
    public void However_many_stairs_only_the_last_are_kept_in_order() =>
        Prop.ForAll(Gen.Choose(0, 200).ToArbitrary(), count =>
        {
            var stairs = new RecentStairs();
            for (var i = 0; i < count; i++)
            {
                stairs.Add(new Stair(10 * i, Bytes.FromMiB(1), Bytes.FromMiB(i)), 1);
            }
            return All(stairs).Select(stair => stair.TimeSeconds)
                .SequenceEqual(Enumerable.Range(0, count).TakeLast(RecentStairs.Capacity).Select(i => 10.0 * i));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_floor_of_a_saw_tooth_is_flat_and_a_leaks_rises()
    {
        var flat = FloorOf(t => 100 + 37 * (t * 7 % 13));
        var rising = FloorOf(t => 100 + 37 * (t * 7 % 13) + 0.5 * t);
        Assert.InRange(flat.Significance, -2, 2);
        Assert.True(rising.Significance > 4);
        Assert.InRange(rising.Slope, 0.4, 0.6);
    }

    [Fact]
    public void The_floor_spans_a_day_in_the_same_few_windows()
    {
        var floor = new Floor(2);
        for (var t = 0; t < 86_400; t++)
        {
            floor.Observe(t, 1e9 + 100.0 * t, 1);
        }
        Assert.InRange(floor.Count, 12, 24);
        Assert.True(floor.SpanSeconds > 60_000);
        Assert.Equal(100, floor.Slope, 0);
    }

    [Fact]
    public void A_ramp_ends_with_the_first_sample_that_does_not_rise()
    {
        var ramp = new Ramp();
        foreach (var (time, used) in new[] { (1, 5), (2, 5), (3, 7), (4, 9), (5, 12) })
        {
            ramp.Observe(time, Bytes.FromGiB(used));
        }
        Assert.Equal((3, Bytes.FromGiB(7), Bytes.FromGiB(5)), (ramp.Rises, ramp.Grown, ramp.MarkBefore));
        ramp.Observe(6, Bytes.FromGiB(12));
        Assert.Equal((0, Bytes.FromGiB(12)), (ramp.Rises, ramp.MarkBefore));
    }

    [Fact]
    public void A_climb_outlasts_short_rests_and_ends_with_a_long_one()
    {
        var climb = new Climb(restSeconds: 10);
        for (var t = 0; t <= 60; t++)
        {
            climb.Observe(t, Bytes.FromMiB(t < 20 ? 100 : 100 + (t - 20) / 4 * 4));
        }
        Assert.Equal(40, climb.Grown.MiB, 3);
        Assert.InRange(climb.BytesPerSecond / Bytes.MiBCount, 0.9, 1.1);
        climb.Observe(80, Bytes.FromMiB(140));
        Assert.Equal(Bytes.Zero, climb.Grown);
    }

    private static Floor FloorOf(Func<int, double> value)
    {
        var floor = new Floor(2);
        for (var t = 0; t < 200; t++)
        {
            floor.Observe(t, value(t), 1);
        }
        return floor;
    }

    private static RecentStairs Stairs(IEnumerable<(double Time, double MiB)> rises)
    {
        var stairs = new RecentStairs();
        var level = Bytes.Zero;
        foreach (var (time, rise) in rises)
        {
            level += Bytes.FromMiB(rise);
            stairs.Add(new Stair(time, Bytes.FromMiB(rise), level), 1);
        }
        return stairs;
    }

    private static IEnumerable<Stair> All(RecentStairs stairs) => Enumerable.Range(0, stairs.Count).Select(i => stairs[i]);
}
