using GpuWatch.Core.Estimate;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>What the plan says must still be allocated, against the room there is.</summary>
internal static class StructureThreat
{
    /// <summary>From the end of loading to the first optimizer step, when nothing is known of the speed.</summary>
    private const double FirstStepSeconds = 5;
    /// <summary>Standard deviation of a context that is not known apart: 256–616 MiB in public reports.</summary>
    private static readonly Bytes ContextDeviation = Bytes.FromMiB(80);
    /// <summary>A plan is never surer than this share of itself.</summary>
    private const double LeastDeviationShare = 0.015;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler)
    {
        var plan = reconciler.Plan!;
        var room = series.Capacity - series.Context;
        var deviation = Deviation(series, plan);
        var need = plan.PeakAllocated.Likely;
        var probability = Normal.Cdf((need - room).Count / deviation);
        if (reconciler.IsFulfilled || probability < 1e-3)
        {
            return null;
        }
        return new Threat(CauseOf(series, plan, room), probability, Eta(series, plan), 0.6, need - series.Held);
    }

    private static double Deviation(ProcessSeries series, Plan plan)
    {
        var own = Math.Max((plan.PeakAllocated.High - plan.PeakAllocated.Low).Count / 3.29, plan.PeakAllocated.Likely.Count * LeastDeviationShare);
        var context = series.ContextKnown ? 0 : ContextDeviation.Count;
        return Math.Sqrt(own * own + (double)context * context);
    }

    /// <summary>The first station that does not fit; once the first step is survived, only a longer batch can bring the planned peak.</summary>
    private static Cause CauseOf(ProcessSeries series, Plan plan, Bytes room) =>
        series.Phase is not (JobPhase.Loading or JobPhase.FirstStep) ? Cause.LongBatch
        : plan.Phases.Load > room ? Cause.Load
        : plan.Phases.FirstForward > room ? Cause.FirstForward
        : plan.Phases.FirstBackward > room ? Cause.FirstBackward
        : Cause.FirstOptimizer;

    private static double Eta(ProcessSeries series, Plan plan)
    {
        if (series.Phase != JobPhase.Loading)
        {
            return series.Phase == JobPhase.FirstStep ? FirstStepSeconds : 60;
        }
        var elapsed = series.NowSeconds - series.StartedSeconds;
        var share = Math.Clamp(series.Held / plan.Phases.Load, 0.05, 1);
        return Math.Clamp(elapsed / share - elapsed, 0, 3600) + FirstStepSeconds;
    }
}
