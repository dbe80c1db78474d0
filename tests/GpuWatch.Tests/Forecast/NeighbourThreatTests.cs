using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Forecast.ForecastTests;

namespace GpuWatch.Tests.Forecast;

/// <summary>A process beside tenants that grow: who is told, who is paged, and until when.</summary>
public sealed class NeighbourThreatTests
{
    [Fact]
    public void A_neighbour_that_takes_what_the_plan_still_needs_is_named()
    {
        var watching = new Watching(16, Small).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 2.0, 2.4], othersGiB: 5);
        for (var others = 5.0; others < 13.4; others += 0.1)
        {
            watching.See([2.4], others);
        }
        Assert.Equal(Cause.Neighbour, watching.Critical.First().Alert.Cause);
        Assert.Contains(watching.Events.OfType<AlertRaised>(), raised => raised.Alert.Kind == AlertKind.Neighbour);
    }

    /// <summary>Its plan needs 5.7 GiB beyond its context.</summary>
    [Theory]
    [InlineData(4.5, 30, true)]
    [InlineData(6.5, 30, false)]
    [InlineData(4.5, 7200, false)]
    public void Beside_a_neighbour_only_what_still_lacks_memory_and_has_grown_of_late_is_paged(double heldGiB, int seconds, bool isPaged)
    {
        var watching = new Watching(24, Long).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 3.0, heldGiB]).See(Enumerable.Repeat(heldGiB, seconds));
        for (var others = 0.0; others < 24 - heldGiB - 2; others += 0.2)
        {
            watching.See([heldGiB], others);
        }
        Assert.Equal(isPaged, watching.Critical.Any());
    }

    [Fact]
    public void A_device_that_a_neighbour_has_filled_long_ago_is_no_longer_feared()
    {
        var watching = new Watching(24, Small).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 2.6, 3.2]);
        for (var others = 0.0; others < 20.7; others += 0.2)
        {
            watching.See([3.2], others);
        }
        Assert.Contains(watching.Watch.View.Processes.Single().Alerts, alert => alert.Kind == AlertKind.OomRisk);
        Assert.DoesNotContain(watching.See(Enumerable.Repeat(3.2, 3600), othersGiB: 20.7).Watch.View.Processes.Single().Alerts, alert => alert.Kind == AlertKind.OomRisk);
    }

    [Fact]
    public void A_tenant_known_only_as_flat_is_silent_when_others_take_the_rest()
    {
        var watching = new Watching().See(Enumerable.Repeat(6.0, 60));
        for (var others = 0.0; others < 10; others += 0.2)
        {
            watching.See([6.0], others);
        }
        Assert.DoesNotContain(watching.See(Enumerable.Repeat(6.0, 60), othersGiB: 9.99).Events, told => told is AlertRaised);
    }

    [Fact]
    public void A_tenant_that_has_grown_of_late_is_told_when_others_take_the_rest()
    {
        var watching = new Watching().See(Enumerable.Repeat(3.0, 60).Concat(Enumerable.Repeat(6.0, 60)));
        for (var others = 0.0; others < 10; others += 0.2)
        {
            watching.See([6.0], others);
        }
        var told = Assert.Single(watching.Events.OfType<AlertRaised>(), raised => raised.Alert.Kind == AlertKind.Neighbour);
        Assert.InRange(told.TimeSeconds, 130, 160);
    }

    [Fact]
    public void Others_that_take_little_of_much_room_are_not_worth_a_word()
    {
        var watching = new Watching(80, Small).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 2.0, 2.4]);
        for (var others = 0.0; others < 6; others += 0.5)
        {
            watching.See([2.4], others);
        }
        Assert.DoesNotContain(watching.Events, told => told is AlertRaised);
    }

    [Theory]
    [InlineData(8, 12)]
    [InlineData(12, 8)]
    public void One_frame_in_which_device_and_process_are_out_of_step_blames_no_neighbour(double usedGiB, double deviceGiB)
    {
        var watching = new Watching().See(Enumerable.Repeat((8.0, 8.0, 7.0, (double?)7.0), 20)).See([(usedGiB, deviceGiB, 7, 7)])
            .See(Enumerable.Repeat((12.0, 12.0, 11.0, (double?)11.0), 20));
        Assert.DoesNotContain(watching.Events.OfType<AlertRaised>(), raised => raised.Alert.Kind == AlertKind.Neighbour);
    }
}
