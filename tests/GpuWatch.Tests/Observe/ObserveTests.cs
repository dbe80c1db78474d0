using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
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

    [Theory]
    [InlineData(new[] { 10.0 }, 10)]
    [InlineData(new[] { 0.4, 4, 8, 12 }, 30)]
    public void What_rests_instead_of_leaping_has_loaded(double[] usedGiB, int restSeconds)
    {
        var series = new ProcessSeries();
        See(series, usedGiB.Concat(Enumerable.Repeat(usedGiB[^1], restSeconds - 2)));
        Assert.Equal(JobPhase.Loading, series.Phase);
        See(series, Enumerable.Repeat(usedGiB[^1], 3));
        Assert.Equal(JobPhase.Steady, series.Phase);
    }

    [Fact]
    public void What_waits_for_its_data_for_long_still_leaps_into_its_first_step()
    {
        var series = new ProcessSeries();
        See(series, new[] { 0.4, 4, 8, 12 }.Concat(Enumerable.Repeat(12.0, 300)).Append(18));
        Assert.Equal((JobPhase.FirstStep, Bytes.FromGiB(12)), (series.Phase, series.LoadedLevel));
    }

    [Fact]
    public void A_first_step_as_small_as_planned_is_one()
    {
        double[] lora = [0.4, 4, 8, 14, 14, 14, 14.6];
        var (told, untold) = (new ProcessSeries(new Expected(Bytes.FromGiB(13.5), Bytes.FromGiB(0.6))), new ProcessSeries());
        See(told, lora);
        See(untold, lora);
        Assert.Equal((JobPhase.FirstStep, JobPhase.Loading), (told.Phase, untold.Phase));
    }

    [Fact]
    public void Live_bytes_that_fall_while_the_cache_stands_are_the_end_of_a_step()
    {
        var series = new ProcessSeries();
        See(series, new[] { 0.4, 4, 8, 14 }.Concat(Enumerable.Repeat(14.0, 9)), t => t % 2 == 0 ? 13.2 : 13.5);
        Assert.Equal(JobPhase.Steady, series.Phase);
        Assert.True(series.HasStepped);
    }

    [Fact]
    public void Figures_of_two_moments_do_not_make_the_context_negative()
    {
        var series = new ProcessSeries();
        foreach (var (used, reserved) in new[] { (2.0, 1.6), (2, 1.6), (2, 6), (6.4, 6) })
        {
            series.Observe(
                new GpuFrame(used, 0, Bytes.FromGiB(24), Bytes.FromGiB(used), null, null, []),
                new ProcessReading(1, Bytes.FromGiB(used), Bytes.FromGiB(1.5), Bytes.FromGiB(reserved)));
            Assert.InRange(series.Context.GiB, 0.39, 0.41);
        }
    }

    [Fact]
    public void A_first_step_that_never_ends_grows()
    {
        var series = new ProcessSeries();
        See(series, new[] { 0.4, 4, 4, 4, 8 }.Concat(Enumerable.Range(1, 70).Select(second => 8 + second / 3 * 0.1)));
        Assert.Equal(JobPhase.Steady, series.Phase);
    }

    /// <summary>One sample a second.</summary>
    private static void See(ProcessSeries series, IEnumerable<double> usedGiB, Func<int, double>? liveGiB = null)
    {
        var time = series.PeriodSeconds > 0 ? (int)series.NowSeconds + 1 : 0;
        foreach (var gib in usedGiB)
        {
            var used = Bytes.FromGiB(gib);
            Bytes? live = liveGiB is null ? null : Bytes.FromGiB(Math.Min(gib, liveGiB(time)));
            series.Observe(new GpuFrame(time++, 0, Bytes.FromGiB(24), used, null, null, []), new ProcessReading(1, used, live));
        }
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
