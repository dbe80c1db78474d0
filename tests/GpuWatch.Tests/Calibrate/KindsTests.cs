using GpuWatch.Core.Calibrate;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Calibrate;

public sealed class KindsTests
{
    private static readonly Job Adapter = new()
    {
        ModelName = "meta-llama/Llama-3.2-1B", Method = "lora", LoraRank = 16, LoraTargets = "all", WeightDtype = "bf16", Attention = "flash",
        SeqLen = 1024, Optimizer = "adamw_torch", GpuName = "A100-80GB",
    };

    private static readonly Job Whole = Adapter with { Method = "full", LoraRank = null, LoraTargets = null };
    private static readonly Job Sliced = Adapter with { NumGpus = 8, Parallelism = "tp8" };

    [Theory]
    [InlineData("lora", null, 1, "adapter")]
    [InlineData("prompt_tuning", null, 1, "adapter")]
    [InlineData("full", "fsdp-full", 8, "full")]
    [InlineData("galore", null, 1, "full")]
    [InlineData("pretrain", "fsdp8-tp8-pp8", 512, "full+tensor+pipeline")]
    [InlineData("lora", "device_map", 2, "adapter+layers")]
    [InlineData("inference", null, 1, "nothing")]
    public void A_kind_is_what_is_trained_and_how_the_model_is_cut(string method, string? parallelism, int gpus, string expected)
    {
        var kind = Run(Adapter with { Method = method, Parallelism = parallelism, NumGpus = gpus }, 1, 1).Kind;
        Assert.Equal(expected, kind.ToString());
        Assert.Equal(kind, JobKind.Parse(expected));
    }

    [Fact]
    public void What_adapters_show_is_learnt_for_adapters_and_everything_else_stays_as_it_was()
    {
        var found = Calibration.Of(Runs(Adapter, 5), Leaning, shipped: false);

        Assert.True(found.Helps);
        Assert.Equal(["adapter"], Kinds(found.Profile));
        Assert.InRange(Math.Abs(Run(Adapter, 9, 1).Error(found.Profile)), 0, 0.02);
        Assert.All((Job[])[Whole, Sliced], job =>
        {
            Assert.Equal(Run(job, 3, 1).Error(Leaning), Run(job, 3, 1).Error(found.Profile));
            Assert.Equal(Estimator.Estimate(job, Leaning).Plan!.PeakDevice, Estimator.Estimate(job, found.Profile).Plan!.PeakDevice);
        });
        Assert.True(Estimator.Estimate(Adapter, found.Profile).Plan!.PeakReserved.Likely < Estimator.Estimate(Adapter, Leaning).Plan!.PeakReserved.Likely);
    }

    [Fact]
    public void One_run_of_a_kind_speaks_for_nothing() =>
        Assert.Equal(["adapter"], Kinds(Calibration.Of([.. Runs(Adapter, 5), Run(Whole, 2, 1)], Leaning, shipped: false).Profile));

    [Fact]
    public void A_kind_whose_runs_came_no_nearer_is_estimated_as_before()
    {
        var found = Calibration.Of([.. Runs(Adapter, 6), .. Enumerable.Range(1, 3).Select(batch => Run(Sliced, batch, 1, Leaning))], Leaning, shipped: false);
        Assert.True(found.Helps);
        Assert.Equal(["adapter"], Kinds(found.Profile));
        Assert.True(found.After.Typical < found.Before.Typical);
    }

    [Fact]
    public void Five_runs_of_five_kinds_are_not_saved()
    {
        Job[] jobs = [Adapter, Whole, Sliced, Whole with { NumGpus = 8, Parallelism = "tp8" }, Adapter with { NumGpus = 2, Parallelism = "device_map" }];
        Assert.False(Calibration.Of([.. jobs.Select((job, i) => Run(job, 2, Noise(i)))], Leaning, shipped: false).Helps);
    }

    [Fact]
    public void A_cause_that_brings_the_runs_twice_as_close_is_the_machines_whatever_it_runs()
    {
        var found = Calibration.Of(Machine.Runs(1, 5, Profile.Prior.With(Knob.Activations, 1.5), Quantity.Allocated), Leaning, shipped: false);
        Assert.True(found.Helps);
        Assert.Null(found.Profile.Scope);
    }

    [Fact]
    public void A_profile_reads_back_for_what_it_holds_and_what_holds_elsewhere()
    {
        var found = Calibration.Of(Runs(Adapter, 5), Leaning, shipped: false).Profile;
        var read = ProfileJson.Read(ProfileJson.Write(found), "profile.json");

        Assert.Equal(ProfileJson.Write(found), ProfileJson.Write(read));
        Assert.Equal(["adapter"], Kinds(read));
        Assert.Equal(Run(Whole, 3, 1).Error(Leaning), Run(Whole, 3, 1).Error(read), 3);
        Assert.Null(ProfileJson.Read(ProfileJson.Write(Profile.Default), "profile.json").Scope);
    }

    [Fact]
    public void A_kind_that_nobody_knows_is_no_profile()
    {
        var text = System.Text.Encoding.UTF8.GetString(ProfileJson.Write(Calibration.Of(Runs(Adapter, 5), Leaning, shipped: false).Profile));
        Assert.Throws<BadInputException>(() => ProfileJson.Read(System.Text.Encoding.UTF8.GetBytes(text.Replace("\"adapter\"", "\"adopter\"")), "profile.json"));
    }

    [Fact]
    public void Caches_are_turned_half_of_the_way_to_where_four_runs_have_them()
    {
        var twice = Profile.Prior.With(Knob.Caches, 2);
        var runs = Machine.Runs(3, 12, twice, Quantity.Reserved).Where(run => run.Feels(Knob.Caches) && run.Features.Cached > run.Peak.Count / 20).ToList();
        Assert.InRange(HalfWay.To(runs, Profile.Prior)[Knob.Caches], 1.3, 1.7);
        Assert.Same(Profile.Prior, HalfWay.To(runs[..3], Profile.Prior));
    }

    /// <summary>Each draw by runs it has not seen; docs/accuracy.md prints the table.</summary>
    [SharedDataFact]
    public void Five_runs_of_a_published_source_bring_the_others_nearer_and_hardly_ever_farther()
    {
        var runs = MeasuredTable.Read(Path.Combine(SharedData.Folder!, "measured.csv")).Select(row => row.Run).OfType<MeasuredRun>().ToList();
        var all = FewRuns.OfEachSource(runs).ToList();
        Assert.All(all, few => Assert.True(few.After <= few.Before && few.Worse <= 0.02 * few.Draws, few.ToString()));
        Assert.InRange(all.Single(few => few.Source.StartsWith("ms-swift", StringComparison.Ordinal)).After, 0, 0.0505);
    }

    /// <summary>Caches thrice as large as they are: what a profile that leans says of a machine that is as derived.</summary>
    private static readonly Profile Leaning = Profile.Prior.With(Knob.Cache, 3);

    private static string[] Kinds(Profile profile) => [.. profile.Scope!.Kinds.Select(kind => kind.ToString())];

    private static List<MeasuredRun> Runs(Job job, int count) => [.. Enumerable.Range(1, count).Select(batch => Run(job, batch, Noise(batch)))];

    private static double Noise(int i) => i % 2 == 0 ? 1.01 : 0.99;

    /// <summary>A run whose reserved peak is <paramref name="times"/> what a profile says of it: the priors, if none is named.</summary>
    private static MeasuredRun Run(Job job, int batch, double times, Profile? truth = null)
    {
        var run = MeasuredRun.Of(job with { MicroBatch = batch }, "our cluster", Quantity.Reserved, Bytes.FromGiB(1)).Run!;
        return run with { Peak = run.Peak * (Math.Exp(run.Error(truth ?? Profile.Prior)) * times) };
    }
}
