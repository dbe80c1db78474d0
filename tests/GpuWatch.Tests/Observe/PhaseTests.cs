using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Observe;

public sealed class PhaseTests
{
    [Fact]
    public void A_server_that_loads_no_more_is_steady() =>
        Assert.Equal([(JobPhase.Loading, 0), (JobPhase.Steady, 34)], Phases(new Watching().See([0.4, 2, 4, 6, 6.1]).See(Enumerable.Repeat(6.1, 300))));

    [Fact]
    public void One_found_holding_its_memory_is_steady_soon() =>
        Assert.Equal([(JobPhase.Loading, 0), (JobPhase.Steady, 10)], Phases(new Watching().See(Enumerable.Repeat(6.1, 300))));

    [Fact]
    public void A_server_that_grows_later_is_not_loading_again() =>
        Assert.DoesNotContain(Phases(new Watching().See(Enumerable.Repeat(6.0, 100)).See(Enumerable.Range(0, 100).Select(i => 6 + 0.02 * i))).Skip(2), told => told.Phase == JobPhase.Loading);

    [Fact]
    public void A_bare_context_serves_nothing() =>
        Assert.Equal([(JobPhase.Loading, 0)], Phases(new Watching().See(Enumerable.Repeat(0.4, 300))));

    [Fact]
    public void The_first_step_is_seen_though_half_the_declared_weights_were_loaded()
    {
        var declared = DeclaredRun.Job with { WeightDtype = "fp32" };
        Assert.Contains(Phases(new Watching(24, declared).See([0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 4, 6]).See(Enumerable.Repeat(6.0, 60))), told => told.Phase == JobPhase.Steady);
    }

    [Fact]
    public void Loading_that_rests_on_its_way_is_no_first_step() =>
        Assert.DoesNotContain(Phases(new Watching(24, DeclaredRun.Job).See([0.4, 0.7, 0.7, 0.7, 0.7]).See(Enumerable.Repeat(1.1, 120))), told => told.Phase == JobPhase.FirstStep);

    [Fact]
    public void A_step_that_rests_where_it_begins_is_idle_until_it_goes_on()
    {
        var phases = Phases(Steps(rests: (80, 110)));
        Assert.Equal([JobPhase.Loading, JobPhase.FirstStep, JobPhase.Steady, JobPhase.Idle, JobPhase.Steady], phases.Select(told => told.Phase));
        Assert.InRange(phases[3].Time, 88, 93);
    }

    private static List<(JobPhase Phase, double Time)> Phases(Watching watching) => Phases(watching.Events);

    private static List<(JobPhase Phase, double Time)> Phases(IEnumerable<WatchEvent> events) =>
        [.. events.OfType<PhaseChanged>().Select(change => (change.Phase, change.TimeSeconds))];

    /// <summary>A job that tells its live bytes, steps every 2 s and rests from one time to another.</summary>
    private static List<WatchEvent> Steps((int From, int To) rests)
    {
        var events = new List<WatchEvent>();
        var watch = new Core.Alert.DeviceWatch(0, _ => (Job?)null);
        for (var t = 0; t < 150; t++)
        {
            var live = t < 6 ? 1.0 : t % 2 == 0 || (t >= rests.From && t < rests.To) ? 3.0 : 5 + t % 5 * 0.1;
            var reserved = t < 2 ? 0 : t < 6 ? 1 : 6;
            var used = Bytes.FromGiB(0.4 + reserved);
            watch.Observe(new GpuFrame(t, 0, Bytes.FromGiB(16), used, null, null, [new(7, used, t < 2 ? Bytes.Zero : Bytes.FromGiB(live), Bytes.FromGiB(reserved))]), events);
        }
        return events;
    }
}
