using System.Reactive.Concurrency;
using GpuWatch.Sampling;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Sampling;

public sealed class TicksTests
{
    [Fact]
    public void Ticks_fall_on_the_grid_of_the_period_whenever_it_started()
    {
        var time = new HistoricalScheduler(Start + Seconds(0.3));
        var ticks = new List<double>();
        using var subscription = Ticks.Every(Seconds(1), time).Subscribe(at => ticks.Add((at - Start).TotalSeconds));

        time.AdvanceBy(Seconds(3));

        Assert.Equal([1, 2, 3], ticks);
    }

    [Fact]
    public void After_a_stall_the_late_ticks_are_skipped_and_never_replayed()
    {
        var time = new HistoricalScheduler(Start);
        var ticks = new List<double>();
        using var subscription = Ticks.Every(Seconds(0.1), time).Subscribe(at =>
        {
            ticks.Add(Math.Round((at - Start).TotalSeconds, 3));
            if (ticks.Count == 2)
            {
                time.Sleep(Seconds(0.55));
            }
        });

        time.AdvanceTo(Start + Seconds(1.0));

        Assert.Equal([0.1, 0.2, 0.8, 0.9, 1.0], ticks);
    }

    [Fact]
    public void A_changed_period_counts_from_the_next_tick_on()
    {
        var time = new HistoricalScheduler(Start);
        var period = Seconds(1);
        var ticks = new List<double>();
        using var subscription = Ticks.Every(() => period, time).Subscribe(at =>
        {
            ticks.Add(Math.Round((at - Start).TotalSeconds, 3));
            period = ticks.Count == 1 ? Seconds(0.5) : Seconds(2);
        });

        time.AdvanceTo(Start + Seconds(6));

        Assert.Equal([1, 1.5, 2, 4, 6], ticks);
    }
}
