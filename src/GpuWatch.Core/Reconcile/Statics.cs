using GpuWatch.Core.Estimate;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>
/// What should stay the same in every step, and does not measure what was declared: the weights once they are loaded, and what is kept
/// from step to step once it has stepped often enough.
/// </summary>
/// <param name="IsWeights">Else what is kept from step to step beyond them.</param>
public readonly record struct Statics(bool IsWeights, Bytes Seen, Bytes Planned)
{
    private const double WeightsShare = 0.15;
    private const double KeptShare = 0.5;
    /// <summary>What loads and loads, past its plan by this share, has other weights, though it is not known yet how many.</summary>
    private const double LoadingShare = 0.5;
    /// <summary>Small tensors beside the weights, and the first stairs of a step that was noticed late.</summary>
    private static readonly Bytes LiveDoubt = Bytes.FromMiB(200);
    /// <summary>Where the context is not known apart: 256–616 MiB in public reports around the typical one, and segments.</summary>
    private static readonly Bytes ContextDoubt = Bytes.FromMiB(280);
    /// <summary>The fewest live bytes of so many changes are those between steps.</summary>
    private const int EnoughChanges = 200;

    /// <summary>One sentence with both numbers.</summary>
    public string Words => IsWeights
        ? $"Loaded {Seen} of weights where its declaration says {Planned}."
        : $"Keeps {Seen} from step to step beyond its weights where its declaration says {Planned} of optimizer states.";

    /// <summary>Null while what was loaded is as declared, or not known.</summary>
    public static Statics? Weights(ProcessSeries series, Plan plan)
    {
        if (series.LoadedLevel is not { } level)
        {
            return null;
        }
        var (loaded, doubt) = series.LoadedBytes is { } live ? (live, LiveDoubt) : (level - ProcessSeries.TypicalContext, ContextDoubt);
        return IsOff(loaded, plan.Phases.Load, doubt, WeightsShare) ? new(true, loaded, plan.Phases.Load) : null;
    }

    /// <summary>Null unless it has loaded, or is still loading, clearly other weights than planned.</summary>
    public static Statics? WeightsSoFar(ProcessSeries series, Plan plan) =>
        series is { Phase: JobPhase.Loading, SeenFromStart: true, MayHaveStepped: false } && series.Held > plan.Phases.Load * (1 + LoadingShare) + ContextDoubt
            ? new(true, series.Held, plan.Phases.Load)
            : Weights(series, plan);

    /// <summary>The weights were loaded as <paramref name="plan"/> says.</summary>
    public bool IsExplainedBy(Plan plan, bool isLoading) =>
        isLoading ? Seen <= plan.Phases.Load + ContextDoubt : !IsOff(Seen, plan.Phases.Load, ContextDoubt, WeightsShare);

    /// <summary>Null while what stays from step to step is as declared, or not known: how soon it is depends on when it is looked at.</summary>
    public static Statics? Kept(ProcessSeries series, Plan plan)
    {
        var states = plan.Stations.FirstOptimizer.OptimizerStates;
        return series.LoadedBytes is { } loaded && series.Live is { Least: { } least, SteadyChanges: >= EnoughChanges } && IsOff(least - loaded, states, LiveDoubt, KeptShare)
            ? new(false, least - loaded, states)
            : null;
    }

    private static bool IsOff(Bytes seen, Bytes planned, Bytes doubt, double share) =>
        Math.Abs((seen - planned).Count) > Math.Max(doubt.Count, planned.Count * share);
}
