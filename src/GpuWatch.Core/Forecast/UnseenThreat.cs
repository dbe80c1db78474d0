using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// What no rule can name yet. Some comes soon: a leak below the noise, a batch longer than any. Some comes late: an evaluation, a neighbour. Either
/// becomes rarer with the time survived since the first step, by the law of <see cref="Survival"/>.
/// </summary>
/// <param name="Deadly">Share of all jobs that die of what comes soon.</param>
/// <param name="HalfSeconds">Median of the law.</param>
/// <param name="SurvivedSeconds">Since the first step; negative before it.</param>
/// <param name="LateDeadly">Share of all jobs that die of what comes late.</param>
/// <param name="LateHalfSeconds">Median of its law.</param>
public readonly record struct UnseenThreat(double Deadly, double HalfSeconds, double LateDeadly, double LateHalfSeconds, double SurvivedSeconds)
{
    /// <summary>Loading takes so long, when nothing is known of it.</summary>
    private const double LoadingSeconds = 20;

    /// <param name="trade">What its command line says of one that is not declared.</param>
    public static UnseenThreat Of(ProcessSeries series, bool isDeclared, Trade? trade, Constants constants)
    {
        // The shares are of trainings, and what serves is hardly one.
        var trains = trade == Trade.Serving ? UndeclaredThreat.ServingTrainsAll : 1;
        return new(
            trains * (isDeclared ? constants.UnseenDeadly : constants.UndeclaredDeadly),
            constants.UnseenSeconds,
            trains * constants.LateDeadly,
            constants.LateSeconds,
            series.Phase == JobPhase.Loading
                ? Math.Min(0, series.NowSeconds - series.StartedSeconds - LoadingSeconds)
                : Math.Max(0, series.NowSeconds - series.FirstStepAtSeconds));
    }

    /// <summary>Probability 0–1 that it happens within <paramref name="seconds"/>, given that it has not yet.</summary>
    public double Within(double seconds)
    {
        var (soon, late) = (Within(seconds, Deadly, HalfSeconds), Within(seconds, LateDeadly, LateHalfSeconds));
        return soon + late - soon * late;
    }

    private double Within(double seconds, double deadly, double halfSeconds)
    {
        var survived = Math.Max(0, SurvivedSeconds);
        var more = Math.Max(0, seconds + Math.Min(0, SurvivedSeconds));
        return more == 0 || deadly == 0 ? 0 : Survival.Dies(deadly, halfSeconds, survived) * more / (halfSeconds + survived + more);
    }
}
