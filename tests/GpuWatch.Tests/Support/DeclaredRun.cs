using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Support;

/// <summary>A training job that runs as its plan says while something may be declared of it that is not so.</summary>
internal static class DeclaredRun
{
    public static readonly Bytes Context = Bytes.FromMiB(400);

    /// <summary>Small, and told down to its loss.</summary>
    public static readonly Job Job = new()
    {
        Architecture = new Architecture(null, "llama", null, 2048, 6, 32, 4, 5632, 32000, false, false),
        Method = "full", WeightDtype = "bf16", Amp = false, MasterWeights = false, Optimizer = "adamw_fused", GradCheckpointing = "none",
        Attention = "flash", CrossEntropy = "hf2025", FusedCe = false, MicroBatch = 2, SeqLen = 1024, NumGpus = 1, Parallelism = "none",
        Packing = false, GradAccum = 1,
    };

    /// <summary>All that is told of it: it loads, takes its first step at 6 s, and goes on for a minute.</summary>
    /// <param name="cache">Reserved over live bytes at the peak.</param>
    /// <param name="leakGiB">What it leaks each second of its last half minute.</param>
    public static List<WatchEvent> Told(Job real, Job? declared, bool withTorch = true, double cache = 1.05, double leakGiB = 0)
    {
        var plan = Estimator.Estimate(real).Plan!;
        var (load, peak) = (plan.Phases.Load, plan.PeakAllocated.Likely);
        var kept = load + plan.Stations.FirstOptimizer.OptimizerStates;
        var events = new List<WatchEvent>();
        var watch = new DeviceWatch(0, _ => declared);
        for (var t = 0; t < 60; t++)
        {
            var leaked = Bytes.FromGiB(leakGiB * Math.Max(0, t - 30));
            var reserved = (t < 2 ? Bytes.Zero : t < 6 ? load : peak * cache) + leaked;
            var live = (t < 2 ? Bytes.Zero : t < 6 ? load : t % 2 == 0 ? peak : kept) + leaked;
            var reading = new ProcessReading(1, Context + reserved, withTorch ? live : null, withTorch ? reserved : null);
            watch.Observe(new GpuFrame(t, 0, Bytes.FromGiB(48), Context + reserved, null, null, [reading]), events);
        }
        watch.Finish(60, events);
        return events;
    }

    public static Reconciled Account(Job real, Job? declared, bool withTorch = true, double cache = 1.05, double leakGiB = 0) =>
        Told(real, declared, withTorch, cache, leakGiB).OfType<Reconciled>().Single();
}
