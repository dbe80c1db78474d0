using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>What was seen of a process that a plan can be held against.</summary>
/// <param name="LivePeak">Most live bytes; null where NVML alone watches.</param>
/// <param name="HeldPeak">Most it held beyond its context.</param>
/// <param name="Kept">Live bytes that stay from step to step; null when not known.</param>
public readonly record struct Evidence(Bytes? LivePeak, Bytes HeldPeak, Bytes? Kept)
{
    /// <summary>Live bytes beyond all a plan allows speak this much louder against it than a peak that has not come yet.</summary>
    private const double Contradiction = 3;

    internal static Evidence Of(ProcessSeries series, Bytes heldPeak) => new(series.LivePeak, heldPeak, series.Live.Least);

    /// <summary>How badly a plan explains it, in logarithms of ratios: 0 = exactly.</summary>
    public double Cost(PlayedPlan played)
    {
        var plan = played.Plan;
        var peak = plan.PeakAllocated.Likely;
        var cost = LivePeak is not { } live ? Math.Abs(Math.Log(played.Reserved / HeldPeak))
            : live > Excess.MostLive(plan) ? Math.Log(live / peak) * Contradiction
            : Math.Log(Bytes.Max(peak, live) / live);
        return Kept is { } kept && kept > Bytes.Zero ? cost + Math.Abs(Math.Log((plan.Phases.Load + plan.Stations.FirstOptimizer.OptimizerStates) / kept)) : cost;
    }
}
