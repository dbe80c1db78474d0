using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Forecast;

public sealed class ForecastTests
{
    /// <summary>About 0.6 GiB of weights, and four times that after the first optimizer step.</summary>
    internal static readonly Job Small = new()
    {
        Architecture = new Architecture(null, "llama", null, 2048, 6, 32, 4, 5632, 32000, false, false),
        Method = "full", WeightDtype = "bf16", Amp = false, MasterWeights = false, Optimizer = "adamw_fused", GradCheckpointing = "none",
        Attention = "flash", CrossEntropy = "hf2025", FusedCe = false, MicroBatch = 1, SeqLen = 1024, NumGpus = 1, Parallelism = "none",
        Packing = false, GradAccum = 1,
    };

    /// <summary>Its optimizer's first step needs 2.95 GiB, a batch of the declared size 5.7.</summary>
    internal static readonly Job Long = Small with { MicroBatch = 4 };

    [Fact]
    public void A_job_whose_plan_cannot_fit_is_told_so_with_its_first_sample()
    {
        var watching = new Watching(16, Small).See([0.1], othersGiB: 13.3);
        var alert = Assert.Single(watching.Critical).Alert;
        Assert.Contains(alert.Cause, new Cause?[] { Cause.FirstBackward, Cause.FirstOptimizer });
        Assert.True(alert.Probability > 0.95);
        Assert.Contains("are free", alert.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_it_needs_is_told_beside_less_that_is_free()
    {
        var reason = Assert.Single(new Watching(16, Small).See([0.05], othersGiB: 13.3).Critical).Alert.Reason;
        var sizes = System.Text.RegularExpressions.Regex.Match(reason, @"^Needs ([\d.]+) GiB more .*; ([\d.]+) GiB are free beside its context\.$");
        Assert.True(sizes.Success, reason);
        Assert.True(double.Parse(sizes.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) > double.Parse(sizes.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture), reason);
    }

    [Fact]
    public void The_same_job_with_room_is_left_in_peace() =>
        Assert.Empty(new Watching(16, Small).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 2.6, 3.6]).See(Enumerable.Repeat(3.7, 200), othersGiB: 4).Critical);

    [Fact]
    public void Surviving_the_first_step_makes_the_long_batch_the_danger()
    {
        var watching = new Watching(16, Long).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 3.0, 3.5], othersGiB: 12).See(Enumerable.Repeat(3.5, 30), othersGiB: 12);
        Assert.Equal(Cause.LongBatch, watching.Critical.Last().Alert.Cause);
        Assert.Equal(2, watching.Critical.Count());
        Assert.Single(watching.Events.OfType<AlertResolved>());
    }

    [Theory]
    [InlineData(false, 1200)]
    [InlineData(true, 300)]
    public void A_planned_peak_that_does_not_come_is_no_longer_feared_and_sooner_where_all_batches_are_alike(bool packing, int seconds)
    {
        var watching = new Watching(16, Long with { Packing = packing }).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 3.0, 3.5], othersGiB: 12);
        Assert.NotEmpty(watching.See(Enumerable.Repeat(3.5, 30), othersGiB: 12).Watch.View.Processes.Single().Alerts);
        Assert.Empty(watching.See(Enumerable.Repeat(3.5, seconds), othersGiB: 12).Watch.View.Processes.Single().Alerts);
    }

    [Theory]
    [InlineData(15.7, null, Severity.Critical)]
    [InlineData(15.7, Trade.Training, Severity.Critical)]
    [InlineData(15.7, Trade.Unknown, Severity.Warning)]
    [InlineData(15.7, Trade.Serving, null)]
    [InlineData(14.5, null, null)]
    public void Who_fills_its_room_undeclared_is_feared_for_until_it_has_shown_that_it_lives_there(double usedGiB, Trade? trade, Severity? feared)
    {
        var watching = new Watching(trade: trade).See([0.4, 2, 2, 2, 10, usedGiB, usedGiB]);
        Assert.Equal(feared, watching.Watch.View.Processes.Single().Alerts.Select(alert => (Severity?)alert.Severity).Max());
        Assert.Empty(watching.See(Enumerable.Repeat(usedGiB, 90)).Watch.View.Processes.Single().Alerts);
    }

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(1, 2, true)]
    [InlineData(2, 1, true)]
    public void Who_minds_a_miss_more_than_a_false_alarm_is_paged_sooner(double miss, double falseAlarm, bool isPaged) =>
        Assert.Equal(isPaged, new Watching(options: new WatchOptions { MissCost = miss, FalseAlarmCost = falseAlarm }).See([0.4, 2, 2, 2, 10, 15.7, 15.7]).Critical.Any());

    [Fact]
    public void Cached_memory_given_back_at_the_wall_is_a_last_warning()
    {
        var watching = new Watching(trade: Trade.Unknown).See([0.4, 2, 2, 2, 8, 14, 15.9]).See(Enumerable.Repeat(15.9, 60));
        Assert.Empty(watching.Critical);
        Assert.NotEmpty(watching.See([14.5, 15.2]).Critical);
    }

    /// <summary>A small segment given back with little free: a request was tried again if more came to live than ever, and nothing otherwise.</summary>
    [Theory]
    [InlineData(1.8, true)]
    [InlineData(1.2, false)]
    public void Even_the_smallest_release_is_the_wall_where_more_came_to_live_than_ever(double liveGiB, bool isPaged)
    {
        const double Held = 2.3, Others = 13.4, Segment = 2.0 / 1024;
        var watching = new Watching().See([(0.4, 0.4 + Others, 0, 0.1), (1, 1 + Others, 0.6, 0.7), (1, 1 + Others, 0.6, 0.7), (1, 1 + Others, 0.6, 0.7), (Held, Held + Others, 1.5, 2)])
            .See(Enumerable.Range(0, 60).Select(i => (Held, Held + Others, 0.7 + 0.5 * (i % 2), (double?)2)));
        watching.See([(Held - Segment, Held + Others - Segment, liveGiB, 2 - Segment)]);
        Assert.Equal(isPaged, watching.Critical.Any());
    }

    [Fact]
    public void Room_that_others_filled_is_their_matter() =>
        Assert.DoesNotContain(
            new Watching().See([0.4, 2, 2, 2, 6, 6, 6, 6], othersGiB: 4).See(Enumerable.Repeat(6.0, 3), othersGiB: 9.8).Critical, raised => raised.Alert.Cause == Cause.LongBatch);

    [Fact]
    public void The_same_fall_with_room_to_spare_is_none() =>
        Assert.Empty(new Watching(32).See([0.4, 2, 2, 2, 8, 14, 15.9]).See(Enumerable.Repeat(15.9, 60)).See([14.5, 15.2]).Critical);

    [Fact]
    public void Equal_stairs_like_clockwork_after_a_long_quiet_are_evaluation_not_a_leak()
    {
        var watching = new Watching().See([0.4, 2, 2, 2, 10]).See(Enumerable.Repeat(10.0, 200));
        watching.See(Enumerable.Range(1, 55).SelectMany(step => Enumerable.Repeat(10 + 0.1 * step, 10)));
        Assert.Equal(Cause.Evaluation, watching.Critical.First().Alert.Cause);
        Assert.DoesNotContain(watching.Events.OfType<AlertRaised>(), raised => raised.Alert.Kind == AlertKind.Leak);
        Assert.Contains(watching.Events, told => told is PhaseChanged { Phase: JobPhase.Evaluating });
    }

    [Fact]
    public void Records_that_grow_rarer_are_no_leak()
    {
        var watching = new Watching().See([0.4, 2, 2, 2, 8]);
        foreach (var (level, seconds) in new[] { (8.0, 20), (10.0, 30), (12.0, 80), (13.5, 200), (14.5, 600) })
        {
            watching.See(Enumerable.Repeat(level, seconds));
        }
        Assert.DoesNotContain(watching.Events.OfType<AlertRaised>(), raised => raised.Alert.Kind is AlertKind.Leak or AlertKind.OomRisk && raised.Alert.Severity == Severity.Critical);
    }

    [Fact]
    public void What_climbs_back_to_where_it_has_been_is_no_leak()
    {
        var watching = new Watching().See([0.4, 2, 2, 2, 12]).See(Enumerable.Repeat(12.0, 60));
        watching.See(Enumerable.Range(0, 30).SelectMany(step => Enumerable.Repeat(5 + 0.2 * step, 10)));
        Assert.DoesNotContain(watching.Events, told => told is AlertRaised);
    }

    [Theory]
    [InlineData(Trade.Serving, null)]
    [InlineData(Trade.Adapting, null)]
    [InlineData(Trade.Unknown, Severity.Warning)]
    [InlineData(Trade.Training, Severity.Critical)]
    [InlineData(null, Severity.Critical)]
    public void What_fills_much_of_the_card_is_feared_by_what_its_command_line_says_it_is(Trade? trade, Severity? feared)
    {
        foreach (var periodSeconds in (double[])[1, 3])
        {
            var watching = new Watching(24, trade: trade).See([0.4, 2, 4, 6, 8, 10, 12, 14], periodSeconds: periodSeconds).See(Enumerable.Repeat(14.0, 60), periodSeconds: periodSeconds);
            var raised = watching.Events.OfType<AlertRaised>().Where(raised => raised.Alert.Kind == AlertKind.OomRisk).Select(raised => (Severity?)raised.Alert.Severity);
            Assert.Equal(feared, raised.Max());
            Assert.Empty(watching.Watch.View.Processes.Single().Alerts);
        }
    }

    [Theory]
    [InlineData(Trade.Serving, 0, 0.02)]
    [InlineData(Trade.Training, 0.1, 1)]
    [InlineData(null, 0.1, 1)]
    public void What_nobody_can_name_yet_is_feared_for_trainings_and_hardly_for_servers(Trade? trade, double least, double most)
    {
        var watching = new Watching(24, trade: trade).See([0.4, 2, 4]).See(Enumerable.Repeat(4.0, 30));
        Assert.InRange(watching.Events.OfType<ForecastMade>().Max(made => made.OomWithin600s), least, most);
    }

    [Fact]
    public void A_job_whose_live_bytes_fit_but_for_the_pieces_they_leave_is_told_so()
    {
        var pieces = Small with { Architecture = new Architecture(null, "llama", null, 576, 6, 9, 3, 1536, 49152, true, false), MicroBatch = 2, GradCheckpointing = "full", Optimizer = "adamw_torch", CrossEntropy = "hf" };
        var live = Estimator.Estimate(pieces).Plan!.PeakAllocated.Likely.GiB;
        var alert = Assert.Single(new Watching(live * 1.1 + ProcessSeries.TypicalContext.GiB, pieces).See([0.1]).Critical).Alert;
        Assert.Contains("in pieces", alert.Reason, StringComparison.Ordinal);
        Assert.Empty(new Watching(live * 1.6 + ProcessSeries.TypicalContext.GiB, pieces).See([0.1]).Critical);
    }

    [Fact]
    public void What_NCCL_will_take_counts_before_its_first_collective()
    {
        var sharded = Small with { NumGpus = 8, Parallelism = "fsdp-full" };
        var plan = Estimator.Estimate(sharded).Plan!;
        Assert.True(plan.Components.Context > ProcessSeries.LargestContext);
        var outlook = new Watching(16, sharded).See([0.1]).Watch.View.Processes.Single().Outlook;
        Assert.InRange(outlook.PredictedPeak.Likely / plan.PeakDevice.Likely, 0.95, 1.05);
    }

    [Theory]
    [InlineData(1, 1, 0.7071)]
    [InlineData(3, 1, 0.8660)]
    public void What_has_grown_goes_on_by_one_law_whoever_grows(double grown, double more, double probability) =>
        Assert.Equal(probability, GrowthThreat.GoesOn(grown, more, new Constants { GrowthTail = 0.5 }), 4);

    [Fact]
    public void What_lets_go_of_blocks_it_has_reserved_computes_and_its_plateau_is_not_weights() =>
        Assert.Empty(new Watching(24).See([(0.4, 0.4, 0, 0), (2, 2, 1.5, 1.6), (5, 5, 2.5, 4.6), (9, 9, 4.5, 8.6), (9, 9, 2, 8.6)]).Critical);

    [Fact]
    public void The_next_evaluation_is_due_after_as_much_training_as_the_last()
    {
        var watching = new Watching(options: new WatchOptions { ForecastEverySeconds = 1 }).See([0.4, 2, 2, 2, 10]).See(Enumerable.Repeat(14.8, 200));
        Evaluate(watching).See([14.2]).See(Enumerable.Repeat(14.3, 400));
        var soon = watching.Events.OfType<ForecastMade>().ToDictionary(made => made.TimeSeconds, made => made.OomWithin60s);
        Assert.True(soon[290] < 0.05, $"early in training {soon[290]}");
        Assert.True(soon[500] > 0.15, $"when it is due {soon[500]}");

        static Watching Evaluate(Watching watching) => watching.See(Enumerable.Range(1, 11).SelectMany(step => Enumerable.Repeat(14.8 + 0.1 * step, 5)));
    }

    [Fact]
    public void Live_stairs_come_to_an_end_where_the_room_is_in_pieces()
    {
        var watching = new Watching()
            .See([(0.4, 0.4, 0, 0), (2, 2, 1.6, 1.6), (2, 2, 1.6, 1.6), (2, 2, 1.6, 1.6), (12.4, 12.4, 10, 12)])
            .See(Enumerable.Range(0, 40).Select(i => (12.4, 12.4, i % 2 == 0 ? 9.0 : 5, (double?)12)))
            .See(Enumerable.Range(0, 60).Select(i => (12.4, 12.4, 5 + i / 10 * 0.5, (double?)12)));
        var room = 15.6 * Constants.Shipped.UsableShare;
        var threat = watching.Watch.View.Processes.Single().Outlook.Deciding!.Value;
        Assert.Equal(Cause.Evaluation, threat.Cause);
        Assert.InRange(threat.EtaSeconds, (room - 7.5) / 0.5 * 10 - 12, (room - 7.5) / 0.5 * 10 + 12);
    }

    [Fact]
    public void An_undeclared_process_that_tells_live_bytes_trains_and_is_paged_where_it_cannot_fit() =>
        Assert.NotEmpty(new Watching(24).See(new[] { 0.4, 2, 4, 6, 8, 10, 12, 14, 16, 18 }.Select(used => (used, used, used - 0.4, (double?)(used - 0.4)))).Critical);

    [Theory]
    [InlineData(0.5, 5, 0, 0.5)]
    [InlineData(0.9, 20, 20, 0.45 / 0.55)]
    [InlineData(1, 5, 3600, 1)]
    public void What_is_survived_makes_a_danger_less_likely_by_the_rule_of_Bayes(double prior, double half, double survived, double left) =>
        Assert.Equal(left, Survival.Dies(prior, half, survived), 9);

    [Fact]
    public void A_device_on_which_a_model_is_loaded_is_left_in_peace() =>
        Assert.DoesNotContain(
            new Watching(24).See([0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5, 16.5, 18.5, 20.5, 20.5, 20.5], pid: null).Events, told => told is AlertRaised);

    [Theory]
    [InlineData(new[] { 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 23.5 }, 24, 6)]
    [InlineData(new[] { 2.7, 2.5, 16.2, 44.8, 52, 62.7 }, 95.6, 5)]
    public void A_device_that_rises_into_the_last_of_its_room_or_faster_than_any_load_is_paged(double[] usedGiB, double totalGiB, double atSeconds)
    {
        var paged = Assert.Single(new Watching(totalGiB).See(usedGiB, pid: null).Critical);
        Assert.Equal((Cause.Growth, atSeconds), (paged.Alert.Cause, paged.TimeSeconds));
    }

    [Fact]
    public void A_small_dip_on_a_full_plateau_is_no_release() =>
        Assert.Empty(new Watching(trade: Trade.Unknown).See([0.4, 2, 2, 2, 15.6]).See(Enumerable.Repeat(15.6, 60)).See([15.598, 15.599, 15.6]).Critical);

    [Fact]
    public void A_wall_survived_for_long_is_over_and_hit_again_it_pages_again()
    {
        var watching = new Watching().See([0.4, 2, 2, 2, 8, 14, 15.9]).See(Enumerable.Repeat(15.9, 60)).See([14.5, 15.2]).See(Enumerable.Repeat(15.2, 900));
        Assert.Single(watching.Critical);
        Assert.Empty(watching.Watch.View.Processes.Single().Alerts);
        Assert.Equal(2, watching.See([15.9, 15.9, 14.5, 15.2]).Critical.Count());
    }

    [Fact]
    public void Live_stairs_beyond_the_room_still_have_probabilities()
    {
        var watching = new Watching(options: new WatchOptions { ForecastEverySeconds = 1 })
            .See([(0.4, 0.4, 0, null), (2, 2, 1.6, null), (2, 2, 1.6, null), (2, 2, 1.6, null), (8, 8, 5, null)])
            .See(Enumerable.Range(0, 40).Select(i => (15.9, 15.9, i % 2 == 0 ? 9.0 : 5, (double?)null)))
            .See(Enumerable.Range(0, 100).Select(i => (15.99, 15.99, Math.Min(14 + i / 5 * 0.2, 15.85), (double?)null)));
        Assert.All(watching.Events.OfType<ForecastMade>(), made => Assert.True(made is { OomWithin60s: >= 0 and <= 1, OomWithin600s: >= 0 and <= 1 }, $"{made}"));
    }

    [Fact]
    public void Parameters_that_are_offloaded_leave_nothing_to_load_and_yet_a_time()
    {
        var watching = new Watching(2, Small with { Offload = "params" }).See([0.1, 0.3, 0.35, 0.4]);
        Assert.All(watching.Events.OfType<ForecastMade>(), made => Assert.InRange(made.OomWithin60s, 0, 1));
        Assert.All(watching.Critical, raised => Assert.True(double.IsFinite(raised.Alert.EtaSeconds!.Value)));
        Assert.NotEmpty(watching.Critical);
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1.96, 0.975)]
    [InlineData(-1.6448536, 0.05)]
    public void The_normal_distribution_is_that_of_the_tables(double z, double p) => Assert.Equal(p, Normal.Cdf(z), 3);

    [Fact]
    public void A_threats_interval_holds_nine_tenths_of_its_time()
    {
        var threat = new Threat(Cause.Leak, 1, 100, 0.5, Bytes.Zero);
        Assert.Equal(0.90, threat.Within(threat.EtaHighSeconds) - threat.Within(threat.EtaLowSeconds), 2);
        Assert.Equal(0.5, threat.Within(100), 3);
    }

    [Fact]
    public void What_is_not_punctual_comes_on_the_later_occasion()
    {
        var threat = new Threat(Cause.Evaluation, 0.8, 10, 0.2, Bytes.Zero) { Punctual = 0.6, LaterSeconds = 300 };
        Assert.Equal(0.8 * 0.6, threat.Within(60), 3);
        Assert.Equal(0.8, threat.Within(600), 2);
    }

    [Fact]
    public void A_planned_peak_that_has_not_come_for_a_minute_comes_in_the_next_with_even_odds_if_ever()
    {
        var watching = new Watching(16, Long).See([0.1, 0.3, 0.4, 0.8, 1.1, 1.1, 1.1, 1.1, 3.0, 3.5], othersGiB: 12).See(Enumerable.Repeat(3.5, 120), othersGiB: 12);
        var made = watching.Events.OfType<ForecastMade>().ToArray();
        var survived = 70 - watching.Events.OfType<PhaseChanged>().Single(told => told.Phase == JobPhase.Steady).TimeSeconds;
        Assert.Equal(0.5 * Survival.Dies(0.9, 30, survived), made.Single(forecast => forecast.TimeSeconds == 70).OomWithin60s, 1);
        Assert.True(made[^1].OomWithin60s < 0.3);
    }
}
