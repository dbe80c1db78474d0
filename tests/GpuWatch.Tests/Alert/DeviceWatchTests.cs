using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Alert;

public sealed class DeviceWatchTests
{
    [Fact]
    public void A_plateau_at_97_percent_is_no_alarm() =>
        Assert.Empty(new Watching().See([0.4, 2, 2, 2, 15.5]).See(Enumerable.Repeat(15.5, 600)).Critical);

    [Fact]
    public void A_saw_tooth_is_no_trend() =>
        Assert.Empty(new Watching(11).See(Enumerable.Range(0, 400).Select(i => (i % 9) switch { < 3 => 1.5 + i % 2, < 5 => 4.0, _ => 10.3 })).Critical);

    [Fact]
    public void Stairs_that_keep_coming_are_told_before_the_memory_is_gone()
    {
        var watching = new Watching().See([0.4, 2, 2, 2, 8, 8, 8, 8, 8, 8, 8]);
        watching.See(Enumerable.Range(1, 79).SelectMany(step => Enumerable.Repeat(8 + 0.1 * step, 5)));
        Assert.NotEmpty(watching.Critical);
        Assert.InRange(watching.Critical.First().TimeSeconds, 20, 380);
        Assert.All(watching.Critical, raised => Assert.Equal(Cause.Leak, raised.Alert.Cause));
        Assert.DoesNotContain(watching.Events.OfType<AlertResolved>(), resolved => resolved.Alert.Kind == AlertKind.Leak);
        Assert.DoesNotContain(watching.Events, told => told is PhaseChanged { Phase: JobPhase.Evaluating });
    }

    [Fact]
    public void A_leak_is_told_by_an_agent_that_starts_in_the_middle_of_the_job()
    {
        var watching = new Watching().See(Enumerable.Repeat(8.0, 10)).See(Enumerable.Range(1, 78).SelectMany(step => Enumerable.Repeat(8 + 0.1 * step, 5)));
        Assert.Equal(Cause.Leak, watching.Critical.First().Alert.Cause);
        Assert.Contains(watching.Events.OfType<AlertRaised>(), raised => raised.Alert.Kind == AlertKind.Leak);
    }

    [Fact]
    public void Where_the_driver_tells_no_process_its_bytes_the_device_is_watched_and_nothing_is_nought()
    {
        var (watch, events) = (new DeviceWatch(0, _ => null), new List<WatchEvent>());
        for (var t = 0; t < 60; t++)
        {
            watch.Observe(new GpuFrame(t, 0, Bytes.FromGiB(16), Bytes.FromGiB(4 + t * 0.2), null, null, [new ProcessReading(Watching.Pid, null)]), events);
        }
        watch.Finish(60, events);
        Assert.Contains(events.OfType<AlertRaised>(), raised => raised is { Pid: null, Alert.Kind: AlertKind.OomRisk });
        var unseen = Assert.Single(events.OfType<Reconciled>(), account => account.Pid == Watching.Pid);
        Assert.Null(unseen.ObservedPeak);
        Assert.Null(unseen.Bridge.Processes);
    }

    [Fact]
    public void A_process_that_leaves_the_list_has_exited_and_is_accounted_for()
    {
        var watching = new Watching().See([0.4, 2, 2]);
        var empty = new GpuFrame(10, 0, Bytes.FromGiB(16), Bytes.Zero, null, null, []);
        watching.Watch.Observe(empty, watching.Events);
        Assert.DoesNotContain(watching.Events, told => told is PhaseChanged { Phase: JobPhase.Exited });
        watching.Watch.Observe(empty with { TimeSeconds = 11 }, watching.Events);
        Assert.Contains(watching.Events, told => told is PhaseChanged { Phase: JobPhase.Exited, Pid: Watching.Pid, TimeSeconds: 11 });
        Assert.Equal(Bytes.FromGiB(2), watching.Events.OfType<Reconciled>().Single().ObservedPeak);
    }

    [Fact]
    public void A_device_that_was_removed_ends_its_alert_and_closes_the_accounts_of_its_processes()
    {
        var watching = new Watching().See([0.4, 2, 2]);
        watching.Watch.Observe(4, new Fault(FaultKind.GpuLost, "lost"), watching.Events);
        watching.Watch.Observe(5, new Fault(FaultKind.Removed, "The instance was destroyed."), watching.Events);
        Assert.Equal("The instance was destroyed.", watching.Events.OfType<AlertResolved>().Single().Alert.Reason);
        Assert.Contains(watching.Events, told => told is PhaseChanged { Phase: JobPhase.Exited, TimeSeconds: 5 });
        watching.Finish();
        Assert.Single(watching.Events.OfType<Reconciled>());
    }

    [Fact]
    public void A_lost_gpu_pages_once_and_is_resolved_by_its_next_frame()
    {
        var watching = new Watching();
        var lost = new Fault(FaultKind.GpuLost, "GPU 0 fell off the bus.");
        watching.Watch.Observe(1, lost, watching.Events);
        watching.Watch.Observe(2, lost, watching.Events);
        Assert.Equal(AlertKind.GpuLost, watching.Watch.View.Fault?.Kind);
        watching.See([0.4]);
        Assert.Equal("GPU 0 fell off the bus.", watching.Events.OfType<AlertRaised>().Single().Alert.Reason);
        Assert.Single(watching.Events.OfType<AlertResolved>());
        Assert.Null(watching.Watch.View.Fault);
    }

    [Fact]
    public void A_forecast_is_told_every_ten_seconds_of_trace_time()
    {
        var watching = new Watching().See(Enumerable.Repeat(2.0, 60));
        Assert.Equal([0, 10, 20, 30, 40, 50], watching.Events.OfType<ForecastMade>().Select(made => made.TimeSeconds));
    }

    [Fact]
    public void A_reused_pid_is_another_process()
    {
        var watching = new Watching();
        var frame = new GpuFrame(0, 0, Bytes.FromGiB(16), Bytes.FromGiB(8), null, null, [new(7, Bytes.FromGiB(8), StartTicks: 1)]);
        watching.Watch.Observe(frame, watching.Events);
        watching.Watch.Observe(
            frame with { TimeSeconds = 1, Processes = [new(7, Bytes.FromGiB(1), StartTicks: 2)] }, watching.Events);
        Assert.Equal(Bytes.FromGiB(1), watching.Watch.View.Processes.Single().HighWater);
        Assert.Single(watching.Events.OfType<Reconciled>());
    }
}
