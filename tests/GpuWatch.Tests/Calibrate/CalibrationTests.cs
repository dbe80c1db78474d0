using GpuWatch.Core.Calibrate;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Calibrate;

public sealed class CalibrationTests
{
    [Fact]
    public void Five_runs_of_a_consistent_machine_bring_its_other_runs_within_five_percent()
    {
        var (seen, unseen) = (Runs(5, 1, 1.25), Runs(8, 6, 1.25));
        var found = Calibration.Of(seen, Profile.Default, shipped: false);
        Assert.True(found.Helps);
        Assert.True(MedianError(unseen, Profile.Default) > 0.1);
        Assert.InRange(MedianError(unseen, found.Profile), 0, 0.05);
    }

    /// <summary>A machine whose coefficient is known, five noisy runs of it, and what it does with jobs it has not run.</summary>
    [Theory]
    [InlineData(Knob.Activations, 1.25, Quantity.Allocated)]
    [InlineData(Knob.Activations, 0.8, Quantity.Reserved)]
    [InlineData(Knob.Activations, 1.5, Quantity.Device)]
    [InlineData(Knob.Caches, 0.3, Quantity.Reserved)]
    [InlineData(Knob.Caches, 3, Quantity.Device)]
    [InlineData(Knob.Logits, 0.6, Quantity.Allocated)]
    [InlineData(Knob.Context, 2.5, Quantity.Device)]
    [InlineData(Knob.Collectives, 3, Quantity.Device)]
    [InlineData(Knob.Gathered, 2, Quantity.Reserved)]
    public void A_machine_that_differs_in_one_thing_is_learnt_from_five_of_its_runs(Knob knob, double value, Quantity quantity)
    {
        var machine = Lean.Undone(Profile.Default).With(knob, value);
        for (var seed = 0; seed < 5; seed++)
        {
            var runs = Machine.Runs(seed, 25, machine, quantity);
            var found = Calibration.Of(runs[..5], Profile.Default, shipped: false);
            Assert.InRange(MedianError(runs[5..], found.Helps ? found.Profile : Profile.Default), 0, 0.05);
        }
    }

    [Fact]
    public void What_no_single_knob_explains_is_not_evident()
    {
        var runs = Machine.Runs(1, 6, Profile.Prior, Quantity.Reserved).Select((run, i) => run with { Peak = run.Peak * (i % 2 == 0 ? 1.15 : 0.87) }).ToList();
        Assert.Same(Profile.Prior, Evident.To(runs, Profile.Prior));
        Assert.Same(Profile.Prior, Evident.To(Machine.Runs(1, 3, Profile.Prior.With(Knob.Activations, 1.4), Quantity.Allocated), Profile.Prior));
    }

    [Fact]
    public void Runs_that_are_as_estimated_give_no_profile_worth_keeping() =>
        Assert.False(Calibration.Of(Runs(6, 1, 1), Profile.Default, shipped: false).Helps);

    [Fact]
    public void Runs_that_contradict_each_other_give_no_profile_worth_keeping()
    {
        var runs = Runs(10, 1, 1).Select((run, i) => run with { Peak = run.Peak * (i % 2 == 0 ? 1.12 : 0.89) }).ToList();
        Assert.False(Calibration.Of(runs, Profile.Default, shipped: false).Helps);
    }

    [Fact]
    public void A_consistent_source_is_learnt_from_five_of_its_runs_and_one_that_is_as_estimated_is_left_alone()
    {
        List<MeasuredRun> runs = [.. Runs(9, 1, 1.25), .. Runs(9, 1, 1).Select(run => run with { Source = "their cluster" })];
        var (ours, theirs) = (FewRuns.OfEachSource(runs).First(), FewRuns.OfEachSource(runs).Last());
        Assert.True(ours is { Source: "our cluster", Before: > 0.1, After: < 0.05, Worse: 0 }, ours.ToString());
        Assert.True(theirs is { Source: "their cluster", Worse: 0 } && theirs.After <= theirs.Before, theirs.ToString());
    }

    [Fact]
    public void Own_runs_that_agree_with_the_middle_take_the_leaning_away()
    {
        var leaning = Profile.Prior.With(Knob.Cache, 3);
        var found = Calibration.Of(Machine.Runs(2, 6, Profile.Prior, Quantity.Reserved), leaning, shipped: false);

        Assert.True(found.Helps);
        Assert.Equal(1, found.Profile[Knob.Cache]);
    }

    [Fact]
    public void A_profile_tells_the_drivers_and_frameworks_of_its_runs()
    {
        var runs = Runs(6, 1, 1.25).Select((run, i) => run with { Driver = i < 3 ? "550.54" : "560.28", Framework = i == 0 ? "axolotl" : null }).ToList();
        var profile = Calibration.Of(runs, Profile.Default, shipped: false).Profile;

        Assert.Equal(("550.54, 560.28", "axolotl"), (profile.Driver, profile.Framework));
        Assert.Null(Calibration.Of(Runs(6, 1, 1.25), Profile.Default, shipped: false).Profile.Driver);
    }

    [Fact]
    public void A_band_holds_nine_of_ten_errors_of_sources_alike_and_a_large_source_does_not_make_it_alone()
    {
        var random = new Random(1);
        Miss Of(string source, double width) => new(source, Quantity.Allocated, false, (random.NextDouble() - 0.5) * width);
        List<Miss> alike = [.. Enumerable.Range(0, 400).Select(i => Of($"source {i % 8}", 0.4))];
        Assert.InRange(alike.Count(miss => Bands.Holds(Bands.Of(alike, Quantity.Allocated, false)!.Value, miss.Error)) / 400.0, 0.78, 1);
        List<Miss> large = [.. Enumerable.Range(0, 900).Select(_ => Of("large", 0.02)), .. Enumerable.Range(0, 100).Select(i => Of($"small {i % 4}", 0.4))];
        var band = Bands.Of(large, Quantity.Allocated, false)!.Value;
        Assert.True(band is { Low: < 0.9, High: > 1.1 }, band.ToString());
    }

    [Fact]
    public void The_cache_is_taken_larger_only_until_few_estimates_are_much_too_low()
    {
        List<MeasuredRun> Reserved(double times) => [.. Runs(10, 1, 1).Select(run => run with { Quantity = Quantity.Reserved, Peak = run.Peak * times })];
        Assert.Equal(1, Lean.To(Reserved(0.9), Profile.Prior)[Knob.Cache]);
        Assert.InRange(Lean.To(Reserved(1.25), Profile.Prior)[Knob.Cache], 1.1, 1.95);
        Assert.Equal(1.95, Lean.To(Reserved(9), Profile.Prior)[Knob.Cache], 6);
    }

    [Fact]
    public void Without_enough_errors_there_is_no_band() =>
        Assert.Null(Bands.Of([.. Enumerable.Repeat(new Miss("one", Quantity.Device, false, 0.1), 9)], Quantity.Device, false));

    [Fact]
    public void Four_runs_are_too_few_to_keep_a_profile() =>
        Assert.False(Calibration.Of(Runs(4, 1, 1.25), Profile.Default, shipped: false).Helps);

    [Fact]
    public void Coefficients_stay_within_their_bounds_whatever_the_runs()
    {
        var found = Calibration.Of(Runs(6, 1, 40), Profile.Default, shipped: false);
        Assert.All(found.Profile.Coefficients, one => Assert.InRange(one.Value, Knobs.All[(int)one.Knob].Least, Knobs.All[(int)one.Knob].Most));
    }

    [Fact]
    public void A_knob_that_no_run_turned_is_as_little_known_as_before()
    {
        var shipped = Calibration.Of(Runs(8, 1, 1.25), Profile.Prior, shipped: true).Profile.Coefficients;
        var own = Calibration.Of(Runs(8, 1, 1.25), Profile.Default, shipped: false).Profile.Coefficients;
        Assert.Equal((0, 0.0, 3.0), (shipped[(int)Knob.Collectives].Rows, shipped[(int)Knob.Collectives].Low, shipped[(int)Knob.Collectives].High));
        Assert.Equal(Profile.Default.Coefficients[(int)Knob.Context] with { Rows = 0 }, own[(int)Knob.Context]);
        Assert.All(own.Where(one => one.Rows == 0), one => Assert.InRange(one.Value, one.Low, one.High));
        var (leaning, undone) = (Profile.Default.Coefficients[(int)Knob.Cache], own[(int)Knob.Cache]);
        // As far below, but not beyond where no data may turn it.
        Assert.Equal(Math.Max(leaning.Low - leaning.Value, Knobs.All[(int)Knob.Cache].Least - undone.Value), undone.Low - undone.Value, 6);
    }

    [Fact]
    public void Copies_of_a_run_are_one_run_and_judge_nothing()
    {
        var run = Runs(1, 4, 1.25)[0];
        var found = Calibration.Of([.. Enumerable.Repeat(run, 6)], Profile.Default, shipped: false);
        Assert.False(found.Helps);
        Assert.Equal(1, found.Profile.Rows);
        Assert.All(found.Profile.Coefficients, one => Assert.True(one.Low < one.High, one.ToString()));
    }

    [Fact]
    public void A_coefficient_that_runs_hardly_tell_keeps_most_of_its_spread_and_one_they_tell_does_not()
    {
        List<MeasuredRun> Device(int count) => [.. Runs(count, 1, 1).Select(run => run with { Quantity = Quantity.Device, Peak = run.Peak * 1.3 })];
        var range = Knobs.All[(int)Knob.Context];
        var found = Calibration.Of(Device(8), Profile.Prior, shipped: true).Profile.Coefficients[(int)Knob.Context];
        Assert.True(found.Low < found.Value && found.Value < found.High && found.High - found.Low < 2 * 1.645 * range.Spread, found.ToString());
        Assert.InRange(Fit.LeftOpen(Runs(8, 1, 1), Profile.Prior, Knob.Context), 0.999, 1);
    }

    [Fact]
    public void A_profile_reads_back_as_it_was_written()
    {
        var once = ProfileJson.Write(Profile.Default);
        Assert.Equal(once, ProfileJson.Write(ProfileJson.Read(once, "profile.json")));
    }

    [Theory]
    [InlineData("value", "-5")]
    [InlineData("value", "1e300")]
    [InlineData("low", "1e999")]
    public void A_coefficient_out_of_its_range_is_refused_by_its_name(string member, string number)
    {
        var coefficient = $"{{\"name\":\"logits\",\"value\":1,\"low\":1,\"high\":1,\"rows\":1}}".Replace($"\"{member}\":1", $"\"{member}\":{number}");
        var text = $"{{\"format\":\"gpuwatch-profile-1\",\"coefficients\":[{coefficient}],\"bands\":[]}}";
        var error = Assert.Throws<BadInputException>(() => ProfileJson.Read(System.Text.Encoding.UTF8.GetBytes(text), "profile.json"));
        Assert.StartsWith($"profile.json: {member} of coefficient logits is", error.Message, StringComparison.Ordinal);
        Assert.Contains("0.5 to 1.3", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", ":1")]
    [InlineData("{\n\"format\": oops", ":2")]
    [InlineData("[]", "")]
    [InlineData("{\"format\":\"gpuwatch-profile-9\"}", "")]
    [InlineData("{\"format\":\"gpuwatch-profile-1\",\"coefficients\":[{\"name\":\"nonsense\"}]}", "")]
    [InlineData("{\"format\":\"gpuwatch-profile-1\",\"coefficients\":[],\"bands\":[{\"quantity\":\"device\",\"several_gpus\":true,\"low\":1,\"high\":1e999,\"rows\":1}]}", "")]
    public void What_is_no_profile_is_refused_with_its_place(string text, string line) =>
        Assert.Equal("profile.json" + line, Assert.Throws<BadInputException>(() => ProfileJson.Read(System.Text.Encoding.UTF8.GetBytes(text), "profile.json")).Place);

    /// <summary>The goals of the estimator: whole sources are left out when fitting.</summary>
    [SharedDataFact]
    public void Sources_the_profile_has_not_seen_are_estimated_within_the_goals()
    {
        var runs = MeasuredTable.Read(Path.Combine(SharedData.Folder!, "measured.csv")).Select(row => row.Run).OfType<MeasuredRun>().ToList();
        var judged = Score.LeaveSourceOut(runs, Calibration.Of(runs, Profile.Prior, shipped: true));
        Assert.InRange(Macro(judged, Quantity.Allocated), 0, 0.08);
        Assert.InRange(Macro(judged, Quantity.Reserved), 0, 0.12);
        Assert.InRange(Macro(judged, Quantity.Device), 0, 0.15);
        Assert.All(Enum.GetValues<Quantity>(), quantity => Assert.InRange(Of(judged, quantity).TooLow, 0, 0.1));
        Assert.All(Enum.GetValues<Quantity>(), quantity => Assert.InRange(Of(judged, quantity).Held, 0.85, 0.95));
    }

    private static double Macro(List<Judged> judged, Quantity quantity) => Of(judged, quantity).Macro!.Value;

    private static Score Of(List<Judged> judged, Quantity quantity) => Score.Of([.. judged.Where(one => one.Run.Quantity == quantity)]);

    private static double MedianError(IEnumerable<MeasuredRun> runs, Profile profile) => Errors.Of(runs.Select(run => run.Error(profile))).MedianApe;

    /// <summary>Runs of one trainer whose activations are <paramref name="times"/> as large as played.</summary>
    private static List<MeasuredRun> Runs(int count, int batch, double times) =>
        [.. Enumerable.Range(batch, count).Select(size => Run(size, times))];

    private static MeasuredRun Run(int batch, double times)
    {
        var job = new Job
        {
            ModelName = "meta-llama/Llama-3.2-1B", Method = "lora", LoraRank = 16, LoraTargets = "q,v", WeightDtype = "bf16", Attention = "flash",
            CrossEntropy = "hf", MicroBatch = batch, SeqLen = 1024, Optimizer = "adamw_torch",
        };
        var plan = Estimator.Estimate(job).Plan!;
        var weights = plan.Components.Weights + plan.Components.OptimizerStates;
        var peak = weights + (plan.PeakAllocated.Likely - weights) * times;
        return MeasuredRun.Of(job, "our cluster", Quantity.Allocated, peak).Run!;
    }
}
