using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Forecast;

/// <summary>What NVML alone sees of growth: trends, teeth, curricula.</summary>
public sealed class TrendTests
{
    private static readonly double[] Start = [0.4, 2, 2, 2, 10];

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void What_rises_from_its_first_steps_to_the_end_is_a_leak_whatever_its_stairs(int seed)
    {
        var chance = new Random(seed);
        var level = 10.0;
        var watching = new Watching(24).See(Start).See(Enumerable.Range(0, 900).Select(_ => level += chance.NextDouble() < 0.4 ? 0.03 : 0));
        Assert.Contains(Raised(watching, AlertKind.Leak), told => told.TimeSeconds < 300);
        var page = Assert.Single(watching.Critical);
        Assert.Equal(Cause.Leak, page.Alert.Cause);
        Assert.True(page.TimeSeconds < 600);
        Assert.DoesNotContain(watching.Events, told => told is PhaseChanged { Phase: JobPhase.Evaluating, TimeSeconds: > 150 });
    }

    /// <summary>A trend of the whole life would be that of the flat ten minutes before.</summary>
    [Fact]
    public void What_begins_to_rise_late_is_told_and_paged_before_it_is_full()
    {
        var watching = new Watching(24).See(Start).See(Enumerable.Repeat(14.0, 600)).See(Enumerable.Range(0, 450).Select(second => 14 + second * 0.02));
        Assert.InRange(Raised(watching, AlertKind.Leak).First().TimeSeconds, 605, 760);
        Assert.InRange(Assert.Single(watching.Critical).TimeSeconds, 605, 900);
    }

    [Fact]
    public void What_fills_the_room_at_every_sample_is_paged_once_it_has_come_half_of_its_way()
    {
        var watching = new Watching(24).See([.. Start, .. Enumerable.Repeat(12.0, 10)]).See(Enumerable.Range(0, 38).Select(second => 12 + second * 0.3));
        var page = Assert.Single(watching.Critical);
        Assert.Equal(Cause.Leak, page.Alert.Cause);
        Assert.InRange(page.TimeSeconds, 25, 45);
    }

    /// <summary>Stairs so close that each might be the last one's end.</summary>
    [Fact]
    public void What_rests_but_shortly_between_its_stairs_is_no_endless_stair()
    {
        var watching = new Watching(24, ForecastTests.Small).See([.. Start, .. Enumerable.Repeat(12.0, 20)]).See(Enumerable.Range(0, 200).Select(sample => 12 + sample / 3 * 0.17), periodSeconds: 0.25);
        var page = Assert.Single(watching.Critical);
        Assert.Equal(Cause.Leak, page.Alert.Cause);
        Assert.InRange(page.TimeSeconds, 30, 60);
    }

    /// <summary>Batches of changing length set a record now and then, and the level between two is no trend however many windows it fills.</summary>
    [Fact]
    public void A_few_records_in_a_long_life_are_no_leak()
    {
        (double Seconds, double UsedGiB)[] records = [(4, 17.2), (16, 17.93), (32, 18.17), (40, 18.67), (115, 18.83), (190, 19.33), (110, 19.44), (90, 19.81), (1000, 20.57)];
        var watching = new Watching(24).See(Start).See(records.SelectMany(record => Enumerable.Repeat(record.UsedGiB, (int)record.Seconds)));
        Assert.Empty(Raised(watching, AlertKind.Leak));
        Assert.Empty(watching.Critical);
    }

    [Fact]
    public void Stages_that_have_come_to_rest_are_no_leak_any_more()
    {
        var stages = Enumerable.Range(0, 12).SelectMany(stage => Enumerable.Repeat(10 + stage * 0.6, 60));
        var watching = new Watching(24).See(Start).See(stages).See(Enumerable.Repeat(16.6, 900));
        Assert.Empty(watching.Watch.View.Processes.Single().Alerts);
    }

    [Fact]
    public void An_evaluation_that_comes_again_is_no_leak()
    {
        double[] evaluation = [.. Enumerable.Range(1, 15).SelectMany(batch => Enumerable.Repeat(14 + batch * 0.3, 2)), .. Enumerable.Repeat(14.0, 170)];
        var watching = new Watching(24).See(Start).See(Enumerable.Repeat(14.0, 190)).See(Enumerable.Repeat(evaluation, 5).SelectMany(level => level));
        Assert.Empty(Raised(watching, AlertKind.Leak));
    }

    [Fact]
    public void Who_is_looked_at_too_seldom_is_not_taken_for_one_that_loads() =>
        Assert.Empty(new Watching(24).See([0.4, 14, 14, 14, 14, 14], periodSeconds: 10).Critical);

    [Fact]
    public void A_saw_tooth_is_no_leak_after_its_first_tooth()
    {
        var tooth = Enumerable.Range(0, 50).Select(second => 10 + second / 5 * 0.6).ToArray();
        var watching = new Watching(24).See(Start).See(Enumerable.Repeat(tooth, 60).SelectMany(level => level));
        Assert.DoesNotContain(Raised(watching, AlertKind.Leak), told => told.TimeSeconds > 60);
        Assert.DoesNotContain(watching.Critical, told => told.TimeSeconds > 60);
    }

    [Fact]
    public void Records_of_batches_of_changing_length_are_no_leak()
    {
        var paged = 0;
        for (var seed = 0; seed < 30; seed++)
        {
            var chance = new Random(seed);
            var most = 10.0;
            var watching = new Watching(24).See(Start).See(Enumerable.Range(0, 1500).Select(_ => most = Math.Max(most, 10 + 8 * Math.Pow(chance.NextDouble(), 3))));
            paged += watching.Critical.Any(told => told.TimeSeconds > 60) ? 1 : 0;
        }
        Assert.InRange(paged, 0, 1);
    }

    [Fact]
    public void A_device_that_fills_up_is_worth_a_warning()
    {
        var watching = new Watching(24).See(Start, pid: null).See(Enumerable.Range(0, 900).Select(second => 10 + second / 3 * 0.045), pid: null);
        Assert.Contains(Raised(watching, AlertKind.OomRisk), told => told.Alert.Severity == Severity.Warning);
        Assert.Empty(watching.Critical);
    }

    [Fact]
    public void While_micro_batches_are_gathered_the_optimizer_is_still_to_come()
    {
        var job = DeclaredRun.Job with { GradAccum = 64, MicroBatch = 1 };
        var watching = new Watching(16, job).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 1.9, 2.0], othersGiB: 13).See(Enumerable.Repeat(2.0, 240), othersGiB: 13);
        Assert.Equal(Cause.FirstOptimizer, Assert.Single(watching.Critical).Alert.Cause);
        Assert.DoesNotContain(watching.Events, told => told is AlertResolved);
    }

    /// <summary>A step of exactly one sampling period is always seen at the same moment.</summary>
    [Fact]
    public void Live_bytes_that_seem_never_to_fall_leak_once_they_pass_what_is_planned()
    {
        var samples = Enumerable.Range(0, 60).Select(second =>
        {
            var live = second < 8 ? Math.Min(0.74, second * 0.15) : 2.5 + (second - 8) * 0.12;
            var reserved = second < 8 ? live : Math.Max(3.4, live + 0.2);
            return (reserved + 0.4, reserved + 0.4, live, (double?)reserved);
        });
        var watching = new Watching(16, DeclaredRun.Job with { MicroBatch = 1 }).See(samples);
        Assert.Contains(watching.Critical, told => told.Alert.Cause == Cause.Leak);
    }

    /// <summary>A batch of <see cref="DeclaredRun.Job"/> has 125 MiB of logits: 2 · 1024 · 32000 · 2 bytes.</summary>
    [Theory]
    [InlineData(126, true)]
    [InlineData(160, false)]
    public void Exactly_the_logits_of_one_batch_after_a_quiet_begin_an_evaluation_that_does_not_fit(int stairMiB, bool evaluates)
    {
        double[] start = [0.1, 0.3, 0.5, 0.9, 1.15, 1.15, 1.15, 1.15, 2.9, 4.6];
        var watching = new Watching(16, DeclaredRun.Job).See(start, othersGiB: 11.1).See(Enumerable.Repeat(4.6, 60), othersGiB: 11.1);
        Assert.Empty(watching.Critical);
        watching.See(Enumerable.Repeat(4.6 + stairMiB / 1024.0, 3), othersGiB: 11.1);
        Assert.Equal(evaluates, watching.Critical.Any(told => told.Alert.Cause == Cause.Evaluation));
    }

    private static IEnumerable<AlertRaised> Raised(Watching watching, AlertKind kind) =>
        watching.Events.OfType<AlertRaised>().Where(told => told.Alert.Kind == kind);
}
