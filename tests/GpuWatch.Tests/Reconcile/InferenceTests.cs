using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Reconcile;

/// <summary>What is told of a job that nobody declared.</summary>
public sealed class InferenceTests
{
    private static readonly ByComponent<Bytes> Truth = Estimator.Estimate(DeclaredRun.Job).Plan!.Components;

    [Fact]
    public void The_plateau_it_loads_to_is_taken_for_weights_and_what_stays_for_states()
    {
        var observed = DeclaredRun.Account(DeclaredRun.Job, null).Observed!.Value;
        Assert.InRange(observed.Weights!.Value.Likely / Truth.Weights, 0.99, 1.01);
        Assert.InRange(observed.OptimizerStates!.Value.Likely / Truth.OptimizerStates, 0.99, 1.01);
        Assert.Null(observed.Activations);
    }

    [Fact]
    public void By_nvml_alone_both_are_ranges_that_hold_the_truth()
    {
        var observed = DeclaredRun.Account(DeclaredRun.Job, null, withTorch: false).Observed!.Value;
        Assert.InRange(Truth.Weights.Count, observed.Weights!.Value.Low.Count, observed.Weights.Value.High.Count);
        Assert.InRange(Truth.OptimizerStates.Count, observed.OptimizerStates!.Value.Low.Count, observed.OptimizerStates.Value.High.Count);
    }

    [Fact]
    public void It_says_so_in_words() =>
        Assert.StartsWith("Nothing was declared:", DeclaredRun.Account(DeclaredRun.Job, null).Judgement, StringComparison.Ordinal);

    [Fact]
    public void What_adds_little_trains_no_states() =>
        Assert.Null(new Watching().See([0.4, 4, 4, 4, 4, 4, 6]).See(Enumerable.Repeat(6.0, 30)).Finish().Events
            .OfType<Core.Reconcile.Reconciled>().Single().Observed!.Value.OptimizerStates);

    [Fact]
    public void Of_what_never_stepped_nothing_is_told() =>
        Assert.Null(new Watching().See(Enumerable.Repeat(6.0, 30)).Finish().Events.OfType<Core.Reconcile.Reconciled>().Single().Observed);
}
