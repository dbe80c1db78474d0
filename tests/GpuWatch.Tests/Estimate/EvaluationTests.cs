using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Advice;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Estimate;

public sealed class EvaluationTests
{
    private static readonly Job Full = new()
    {
        ModelName = "Llama-2-7B", Method = "full", WeightDtype = "bf16", Optimizer = "adamw_fused", CrossEntropy = "hf2025", Attention = "flash", MicroBatch = 1, SeqLen = 1024,
    };

    [Fact]
    public void Nothing_is_saved_and_no_gradient_is_there()
    {
        var phases = Plan(Full).Phases;
        var held = phases.Load + Plan(Full).Stations.FirstOptimizer.OptimizerStates;

        Assert.InRange((phases.Evaluation!.Value - held).GiB, 0.2, 0.6);
        Assert.True(phases.Evaluation < phases.Steady);
    }

    [Fact]
    public void A_larger_batch_than_training_has_can_be_the_peak()
    {
        var plan = Plan(Full with { EvalBatch = 128 });

        Assert.Equal(Phase.Evaluation, plan.PeakPhase);
        Assert.Equal(plan.PeakAllocated.Likely, plan.Phases.Evaluation);
        Assert.Equal(Bytes.Zero, plan.Components.Gradients);
    }

    [Fact]
    public void Logits_that_stay_add_16_bits_for_each_of_their_numbers()
    {
        var (none, hundred) = (Plan(Full with { EvalBatch = 2, EvalKept = 1 }), Plan(Full with { EvalBatch = 2, EvalKept = 101 }));

        Assert.Equal(new Bytes(100L * 2 * 1024 * 32_000 * 2), hundred.Phases.Evaluation!.Value - none.Phases.Evaluation!.Value);
    }

    [Fact]
    public void Who_says_what_an_evaluation_keeps_evaluates_by_the_usual_batch()
    {
        var (kept, both) = (Plan(Full with { EvalKept = 50 }), Plan(Full with { EvalKept = 50, EvalBatch = 8 }));

        Assert.Equal(Phase.Evaluation, kept.PeakPhase);
        Assert.Equal(both.PeakDevice, kept.PeakDevice);
        Assert.Contains("eval_batch 8", kept.Assumed);
    }

    /// <summary>What the allocator was asked for when two recorded jobs died in evaluation (their truth's requested_bytes).</summary>
    [Theory]
    [InlineData("fp32", true, 2, 512, 102_926_336)]
    [InlineData("bf16", false, 4, 512, 205_852_672)]
    public void A_kept_batch_is_as_large_as_recorded_jobs_asked_for(string dtype, bool amp, int batch, int length, long asked)
    {
        var job = Full with { ModelName = "gpt2", WeightDtype = dtype, Amp = amp, SeqLen = length, EvalBatch = batch };

        Assert.Equal(new Bytes(asked), Plan(job with { EvalKept = 3 }).Phases.Evaluation!.Value - Plan(job with { EvalKept = 2 }).Phases.Evaluation!.Value);
    }

    [Fact]
    public void A_fused_loss_is_for_training_only_and_who_does_not_say_how_it_evaluates_is_warned()
    {
        var job = Full with { ModelName = "Qwen2.5-0.5B", FusedCe = true, CrossEntropy = null, GradCheckpointing = "full", MicroBatch = 8, SeqLen = 4096 };
        var (unsaid, said) = (Plan(job), Plan(job with { EvalBatch = 8 }));

        Assert.Contains(unsaid.Warnings, warning => warning.Contains("eval_batch", StringComparison.Ordinal));
        Assert.Equal(Phase.Evaluation, said.PeakPhase);
        Assert.Empty(said.Warnings);
    }

    [Fact]
    public void What_an_evaluation_needs_too_much_is_advised_away()
    {
        var job = Full with { EvalBatch = 64, EvalKept = 50 };
        var advice = Advisor.Advise(job, Plan(job), new("a card", Bytes.FromGiB(80)), changed => Estimator.Estimate(changed).Plan);

        Assert.Contains(advice, advised => advised.Settings is ["eval_kept 1"]);
        Assert.Contains(advice, advised => advised.Settings[0].StartsWith("eval_batch ", StringComparison.Ordinal));
        Assert.True(advice[0].Fits);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("full")]
    public void Evaluation_that_nobody_declared_is_not_the_peak(string checkpointing)
    {
        var plan = Plan(Full with { GradCheckpointing = checkpointing });

        Assert.NotEqual(Phase.Evaluation, plan.PeakPhase);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void A_job_that_trains_nothing_has_no_evaluation() => Assert.Null(Plan(Full with { Method = "inference", Optimizer = null }).Phases.Evaluation);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(32, 4096)]
    public void Generation_keeps_keys_and_values_of_every_layer(int batch, int length)
    {
        var plan = Plan(new() { ModelName = "Llama-3.1-8B", Method = "inference", WeightDtype = "bf16", MicroBatch = batch, SeqLen = length });
        var cache = 2L * 2 * 32 * 8 * 128 * batch * length;

        Assert.InRange((plan.Phases.FirstForward - plan.Phases.Load).Count, cache, cache * 2 + (8 << 20));
        Assert.Contains(Estimator.Explain(new() { ModelName = "Llama-3.1-8B", Method = "inference", WeightDtype = "bf16", MicroBatch = batch, SeqLen = length }),
            term => term.What == "keys and values of all tokens" && term.Value.Count == cache);
    }

    private static Plan Plan(Job job) => Estimator.Estimate(job).Plan!;
}
