using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Reconcile;

public sealed class ReconcilerTests
{
    private static readonly Job Declared = new()
    {
        Architecture = new Architecture(null, "llama", null, 2048, 6, 32, 4, 5632, 32000, false, false),
        Method = "full", WeightDtype = "bf16", Amp = false, MasterWeights = false, Optimizer = "adamw_fused", GradCheckpointing = "none",
        Attention = "flash", CrossEntropy = "hf2025", FusedCe = false, MicroBatch = 2, SeqLen = 1024, NumGpus = 1, Parallelism = "none",
        Packing = false, GradAccum = 1,
    };

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
        Assert.All(Misdeclaration.Usual(Declared), mistake => Assert.True(Estimator.Estimate(mistake.Job).Plan!.PeakAllocated.Likely > planned, mistake.Words));
    }

    [Fact]
    public void What_no_mistake_explains_is_left_unexplained() =>
        Assert.Null(Misdeclaration.Likeliest(Declared, 1e13));

    /// <summary>The alerts of a job that really runs as <paramref name="real"/> while the declaration stands.</summary>
    private static List<Core.Alert.Alert> Raised(Job real)
    {
        var plan = Estimator.Estimate(real).Plan!;
        var (load, peak) = (plan.Phases.Load, plan.PeakAllocated.Likely);
        var events = new List<WatchEvent>();
        var watch = new DeviceWatch(0, _ => Declared);
        for (var t = 0; t < 60; t++)
        {
            var reserved = t < 2 ? Bytes.Zero : t < 6 ? load : peak * 1.05;
            var live = t < 2 ? Bytes.Zero : t < 6 ? load : t % 2 == 0 ? peak : load * 3;
            var used = Bytes.FromMiB(400) + reserved;
            watch.Observe(new GpuFrame(t, 0, Bytes.FromGiB(48), used, null, null, [new ProcessReading(1, used, live, reserved)]), events);
        }
        return [.. events.OfType<AlertRaised>().Select(raised => raised.Alert)];
    }
}
