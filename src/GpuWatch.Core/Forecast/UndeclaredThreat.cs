using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// A process of which nothing is declared loads weights: if it trains them with Adam, gradients and moments ask for three times as
/// much again (bf16: 2 + 4 bytes a parameter over 2; fp32: 4 + 8 over 4), before any activation.
/// </summary>
internal static class UndeclaredThreat
{
    /// <summary>Free over loaded at which half of the jobs died in the first step, and the steepness of the odds in its logarithm.</summary>
    private const double EvenRatio = 2.3;
    private const double Steepness = 8;
    private const double LongestPeriodSeconds = 2;
    private static readonly Units.Bytes LeastWeights = Units.Bytes.FromMiB(200);

    public static Threat? Of(ProcessSeries series)
    {
        if (series.Phase != JobPhase.Loading || !series.SeenFromStart || series.PeriodSeconds > LongestPeriodSeconds || series.Held < LeastWeights)
        {
            return null;
        }
        var ratio = Math.Max(0.01, series.Available / series.Held);
        var probability = 1 / (1 + Math.Pow(ratio / EvenRatio, Steepness));
        return new Threat(ratio < 1 ? Cause.FirstBackward : Cause.FirstOptimizer, probability, 5, 0.8, series.Held * 3);
    }
}
