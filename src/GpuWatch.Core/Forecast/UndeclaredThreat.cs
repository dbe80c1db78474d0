using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// A process of which nothing is declared loads weights: if it trains them with Adam, gradients and moments ask for three times as
/// much again (bf16: 2 + 4 bytes a parameter over 2; fp32: 4 + 8 over 4), before any activation. Servers load as training does, so this
/// alone is never sure enough to page; and one that loaded and then stays flat becomes a server with every second.
/// </summary>
internal static class UndeclaredThreat
{
    /// <summary>Probability that it trains all it loads, when only its memory is known: just worth a warning, where it would be certain death.</summary>
    private const double TrainsAll = 0.6;
    /// <summary>The same for one that tells its live bytes: somebody watches a training loop from within.</summary>
    private const double ToldTrainsAll = 0.9;
    /// <summary>Half of the first steps come within this time after the last rise of loading, half of the rest within twice as much more (Lindy's law).</summary>
    private const double FirstStepSeconds = 5;
    private static readonly Units.Bytes LeastWeights = Units.Bytes.FromMiB(200);

    public static Threat? Of(ProcessSeries series, Constants constants)
    {
        if (series.Phase != JobPhase.Loading || !series.SeenFromStart || series.Held < LeastWeights)
        {
            return null;
        }
        var ratio = Math.Max(0.01, series.Available / series.Held);
        var dies = 1 / (1 + Math.Pow(ratio / constants.UndeclaredRatio, constants.UndeclaredSteepness));
        return new Threat(ratio < 1 ? Cause.FirstBackward : Cause.FirstOptimizer, Trains(series) * dies, FirstStepSeconds, 0.8, series.Held * 3);
    }

    /// <summary>Probability 0–1 that it trains, given that its first step has not come for so long.</summary>
    private static double Trains(ProcessSeries series)
    {
        var prior = series.TorchAllocated is null ? TrainsAll : ToldTrainsAll;
        return Survival.Dies(prior, FirstStepSeconds, series.NowSeconds - series.GrewSeconds);
    }
}
