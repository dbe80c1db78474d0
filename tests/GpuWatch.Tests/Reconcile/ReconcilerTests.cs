using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Reconcile;

public sealed class ReconcilerTests
{
    private static readonly Job Declared = DeclaredRun.Job;

    [Fact]
    public void A_job_that_runs_as_declared_is_not_called_wrong() => Assert.DoesNotContain(Raised(Declared), alert => alert.Kind == AlertKind.ActivationBlowup);

    [Fact]
    public void Twice_the_declared_length_is_named_with_its_numbers()
    {
        var blowup = Raised(Declared with { SeqLen = 2048 }).Single(alert => alert.Kind == AlertKind.ActivationBlowup);
        Assert.Contains("seq_len 2048 instead of 1024", blowup.Reason, StringComparison.Ordinal);
        Assert.True(blowup.Evidence["held_peak_bytes"] > blowup.Evidence["planned_reserved_bytes"]);
    }

    [Fact]
    public void Every_usual_mistake_costs_memory()
    {
        var planned = Estimator.Estimate(Declared).Plan!.PeakAllocated.Likely;
        Assert.All(Misdeclaration.Of(Declared), mistake => Assert.True(mistake.Plan.PeakAllocated.Likely > planned, mistake.Words));
    }

    [Fact]
    public void What_lies_within_the_plans_own_interval_is_not_called_wrong_where_several_gpus_share_it()
    {
        var sharded = Estimator.Estimate(Declared with { NumGpus = 8, Parallelism = "fsdp-full" }).Plan!;
        Assert.Empty(sharded.Assumed);
        Assert.True(Excess.MostLive(sharded) >= sharded.PeakAllocated.High);
        Assert.True(Excess.MostLive(Estimator.Estimate(Declared).Plan!) < Estimator.Estimate(Declared).Plan!.PeakAllocated.High);
    }

    [Fact]
    public void A_little_more_than_declared_is_no_other_declaration()
    {
        var peak = Estimator.Estimate(Declared).Plan!.PeakAllocated.Likely * 1.03;
        Assert.Null(Likeliest(Declared, new Evidence(peak, peak * 1.1, null)));
    }

    [Fact]
    public void What_no_mistake_explains_is_left_unexplained() =>
        Assert.Null(Likeliest(Declared, new Evidence(Bytes.FromGiB(9000), Bytes.FromGiB(9000), null)));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_job_that_takes_less_than_declared_is_left_in_peace(bool withTorch) =>
        Assert.DoesNotContain(Raised(Declared, Declared with { MicroBatch = 4 }, withTorch), alert => alert.Kind == AlertKind.ActivationBlowup);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(8)]
    public void Reserved_bytes_that_no_cache_explains_are_told_where_nvml_alone_watches(int batch) =>
        Assert.Contains(Raised(Declared with { MicroBatch = batch }, Declared, withTorch: false), alert => alert.Kind == AlertKind.ActivationBlowup);

    [Fact]
    public void What_the_replay_reserves_is_as_declared()
    {
        var replayed = Estimator.Reserved(Declared)!.Value / Estimator.Estimate(Declared).Plan!.PeakAllocated.Likely;
        Assert.DoesNotContain(DeclaredRun.Told(Declared, Declared, withTorch: false, cache: replayed * 1.1).OfType<AlertRaised>(), raised => raised.Alert.Kind == AlertKind.ActivationBlowup);
        Assert.Contains(DeclaredRun.Told(Declared, Declared, withTorch: false, cache: replayed * 1.25).OfType<AlertRaised>(), raised => raised.Alert.Kind == AlertKind.ActivationBlowup);
    }

    [Fact]
    public void Mistakes_that_cost_the_same_are_both_named()
    {
        var words = Likeliest(Declared, Seen(Declared with { MicroBatch = 4 }))!.Words;
        Assert.Contains("micro_batch 4 instead of 2", words, StringComparison.Ordinal);
        Assert.Contains("seq_len 2048 instead of 1024", words, StringComparison.Ordinal);
    }

    [Fact]
    public void States_kept_from_step_to_step_tell_a_wide_optimizer_from_a_larger_batch()
    {
        var declared = Declared with { Optimizer = "adamw_8bit" };
        Assert.Contains("in 32 bits", Likeliest(declared, Seen(Declared))!.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Wider_weights_than_declared_are_named_and_the_rest_of_the_plan_goes_by_them(bool withTorch)
    {
        var wide = Declared with { WeightDtype = "fp32", Amp = true };
        var raised = Raised(wide, Declared, withTorch);
        Assert.Contains("as if with weight_dtype fp32 instead of bf16", raised.Single(alert => alert.Kind == AlertKind.EstimateMismatch).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(raised, alert => alert.Kind == AlertKind.ActivationBlowup);
        Assert.Contains(Raised(wide with { SeqLen = 2048 }, Declared, withTorch), alert => alert.Kind == AlertKind.ActivationBlowup && alert.Reason.Contains("seq_len 2048", StringComparison.Ordinal));
    }

    [Fact]
    public void Weights_that_were_to_be_quantised_and_are_not_are_told_while_they_load()
    {
        var real = Declared with { Architecture = Declared.Architecture with { Layers = 32 } };
        var declared = real with { Method = "qlora", QuantBits = 4, LoraRank = 8, Optimizer = "adamw_torch" };
        var reconciler = new Reconciler(declared, Estimator.Estimate(declared).Plan!);
        var series = new ProcessSeries(new Expected(reconciler.Declared!.Phases.Load, Bytes.FromMiB(500)));
        var whole = Estimator.Estimate(real).Plan!.Phases.Load;
        for (var t = 0; t < 8; t++)
        {
            var reading = new ProcessReading(1, DeclaredRun.Context + whole * (t / 8.0), null, null);
            series.Observe(new GpuFrame(t, 0, Bytes.FromGiB(48), reading.Used!.Value, null, null, [reading]), reading);
            reconciler.Observe(series);
        }
        Assert.Equal(JobPhase.Loading, series.Phase);
        Assert.Equal("weights that are not quantised", reconciler.OfWeights?.Words);
        Assert.True(reconciler.Plan!.Phases.Load > reconciler.Declared.Phases.Load * 1.5);
    }

    private static Misdeclaration? Likeliest(Job declared, Evidence seen) =>
        Misdeclaration.Likeliest(new PlayedPlan(declared, Estimator.Estimate(declared).Plan!), Misdeclaration.Of(declared), seen);

    private static Evidence Seen(Job real)
    {
        var plan = Estimator.Estimate(real).Plan!;
        return new(plan.PeakAllocated.Likely, plan.PeakReserved.Likely, plan.Phases.Load + plan.Stations.FirstOptimizer.OptimizerStates);
    }

    private static List<Core.Alert.Alert> Raised(Job real, Job? declared = null, bool withTorch = true) =>
        [.. DeclaredRun.Told(real, declared ?? Declared, withTorch).OfType<AlertRaised>().Select(raised => raised.Alert)];
}
