using GpuWatch.Core.Estimate;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>What was seen of each component, and what is to be thought of it now.</summary>
/// <param name="Observed">At the highest the process was seen; what a sum mixes is shared out by the plan and is a range.</param>
/// <param name="Posterior">At the peak of the plan: its word joined with what was seen, by their precision; what has not come yet is as planned.</param>
/// <param name="Unexplained">Seen beyond all that the components can be.</param>
public sealed record ComponentAccount(ByComponent<ByteRange?> Observed, ByComponent<ByteRange?> Posterior, Bytes Unexplained)
{
    /// <summary>A station has come when so much of it was held.</summary>
    private const double Reached = 0.97;

    /// <param name="plan">The one that stands.</param>
    public static ComponentAccount Of(ProcessSeries series, Plan plan)
    {
        var (live, withStates, isPeak) = Station(series, plan);
        var observed = new ByteRange?[(int)Component.Allocator + 1];
        var posterior = new ByteRange?[observed.Length];
        foreach (var component in Components.All)
        {
            posterior[(int)component] = Priors.Of(component, plan, plan.Components);
        }
        var unexplained = Bytes.Zero;
        foreach (var (parts, sum) in Sighting.Of(series, withStates))
        {
            var seen = new Mixture(parts, component => Shorter(component, Priors.Of(component, plan, live)), sum);
            var joined = new Mixture(parts, component => Priors.Of(component, plan, live), sum);
            unexplained += seen.Unexplained;
            foreach (var part in parts)
            {
                observed[(int)part] = seen.Seen(part);
                posterior[(int)part] = isPeak || IsStill(part) ? joined.Joined(part) : posterior[(int)part];
            }
        }
        return new(ByComponent<ByteRange?>.Of(part => observed[(int)part]), ByComponent<ByteRange?>.Of(part => posterior[(int)part]), unexplained);
    }

    /// <summary>A batch shorter than planned takes less, down to nothing.</summary>
    private static ByteRange Shorter(Component component, ByteRange prior) => IsStill(component) ? prior : prior with { Low = Bytes.Zero };

    /// <summary>It is the same in every step.</summary>
    private static bool IsStill(Component component) =>
        component is Component.Weights or Component.MasterWeights or Component.Gradients or Component.OptimizerStates or Component.Context;

    /// <summary>The station of the plan that the process came to, and what is live there.</summary>
    private static (ByComponent<Bytes> Live, bool WithStates, bool IsPeak) Station(ProcessSeries series, Plan plan)
    {
        var held = series.LivePeak ?? series.HighWater - series.Context;
        var settled = !double.IsNaN(series.SettledAtSeconds);
        var peak = held >= plan.PeakAllocated.Likely * Reached;
        return settled || peak || held > Bytes.Max(plan.Phases.FirstForward, plan.Phases.FirstBackward) ? (plan.Components, true, peak)
            : held > plan.Phases.FirstForward ? (plan.Stations.FirstBackward, false, false)
            : (plan.Stations.FirstForward, false, false);
    }
}
