using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Reconcile;

public sealed class ComponentAccountTests
{
    private static readonly Component[] All = Enum.GetValues<Component>();

    [Fact]
    public void With_the_processes_own_figures_each_component_is_found_where_it_is()
    {
        var account = DeclaredRun.Account(DeclaredRun.Job, DeclaredRun.Job);
        var truth = Estimator.Estimate(DeclaredRun.Job).Plan!.Components with { Context = DeclaredRun.Context };
        Assert.All(All.Except([Component.Allocator]), part =>
            Assert.InRange(account.Observed!.Value[part]!.Value.Likely.MiB, truth[part].MiB * 0.95 - 1, truth[part].MiB * 1.05 + 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_seen_of_the_components_adds_up_to_the_observed_peak(bool withTorch) => Prop.ForAll(Runs().ToArbitrary(), run =>
    {
        var account = DeclaredRun.Account(run.Real, run.Declared, withTorch, run.Cache);
        var sum = All.Aggregate(account.Unexplained!.Value, (sum, part) => sum + account.Observed!.Value[part]!.Value.Likely);
        return Math.Abs((sum - account.ObservedPeak!.Value).Count) < 100;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Ranges_are_in_order_and_nothing_is_negative() => Prop.ForAll(Runs().ToArbitrary(), run =>
        All.All(part => new[] { true, false }.All(withTorch =>
        {
            var account = DeclaredRun.Account(run.Real, run.Declared, withTorch, run.Cache);
            return IsOrdered(account.Observed!.Value[part]!.Value) && IsOrdered(account.Posterior!.Value[part]!.Value);
        }))).QuickCheckThrowOnFailure();

    [Fact]
    public void What_has_not_come_yet_is_not_observed_but_still_expected()
    {
        var watching = new Watching(16, DeclaredRun.Job).See([0.1, 0.3, 0.4, 0.6, 0.8, 0.9]).Finish();
        var account = watching.Events.OfType<Reconciled>().Single();
        Assert.Null(account.Observed!.Value.OptimizerStates);
        Assert.Equal(account.Estimated!.Value.OptimizerStates, account.Posterior!.Value.OptimizerStates!.Value.Likely);
    }

    [Fact]
    public void Nothing_is_expected_of_the_components_where_nothing_was_declared()
    {
        var account = DeclaredRun.Account(DeclaredRun.Job, null);
        Assert.Null(account.Estimated);
        Assert.Null(account.Posterior);
        Assert.Null(account.Unexplained);
    }

    private static bool IsOrdered(ByteRange range) => range.Low >= Bytes.Zero && range.Low <= range.Likely && range.Likely <= range.High;

    /// <summary>Jobs declared as they are, half as large and twice as large, with caches tight and loose.</summary>
    private static Gen<(Job Real, Job Declared, double Cache)> Runs() =>
        from batch in Gen.Choose(1, 4)
        from declared in Gen.Choose(1, 4)
        from optimizer in Gen.Elements("adamw_fused", "adamw_torch")
        from cache in Gen.Choose(100, 220)
        let job = DeclaredRun.Job with { Optimizer = optimizer }
        select (job with { MicroBatch = batch }, job with { MicroBatch = declared }, cache / 100.0);
}
