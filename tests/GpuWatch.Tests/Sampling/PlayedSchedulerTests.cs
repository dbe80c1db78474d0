using System.Reactive.Concurrency;
using GpuWatch.Sampling;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Sampling;

public sealed class PlayedSchedulerTests
{
    private readonly HistoricalScheduler world = new(Start);
    private readonly List<double> shown = [];

    [Fact]
    public void A_simulated_second_passes_in_a_twentieth_of_a_real_one()
    {
        using var ticking = Ticks.Every(Seconds(1), Played(speed: 20)).Subscribe();

        world.AdvanceBy(Seconds(0.16));

        Assert.Equal([1, 2, 3], shown);
    }

    [Fact]
    public void What_a_stall_made_late_is_caught_up_with_tick_by_tick_each_at_its_own_time()
    {
        var played = Played(speed: 20);
        var ticks = new List<double>();
        using var ticking = Ticks.Every(Seconds(1), played).Subscribe(at =>
        {
            ticks.Add((at - Start).TotalSeconds);
            if (ticks.Count == 2)
            {
                world.Sleep(Seconds(0.11));
            }
        });

        world.AdvanceTo(Start + Seconds(0.26));

        Assert.Equal([1, 2, 3, 4, 5], ticks);
        Assert.Equal(ticks, shown);
    }

    private PlayedScheduler Played(double speed) => new(world, speed, Start, now => shown.Add((now - Start).TotalSeconds));
}
