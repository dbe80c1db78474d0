using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// A process of which nothing is declared loads weights: if it trains them with Adam, gradients and moments ask for three times as
/// much again (bf16: 2 + 4 bytes a parameter over 2; fp32: 4 + 8 over 4), before any activation. Servers load as training does: the command line
/// tells them apart where there is one, and what loaded and then stays flat becomes a server with every second (docs/decisions/0024).
/// </summary>
internal static class UndeclaredThreat
{
    /// <summary>
    /// Probability that it trains all it loads, where nobody can say who it is: a recording, or the simulator. All eight recorded jobs with less
    /// than 2.5 times free of what they had loaded died (nine in ten by Laplace's rule), and one in ten of what is watched unnamed may serve.
    /// </summary>
    private const double TrainsAll = 0.8;
    /// <summary>The same where its command line names neither a training nor a server: just worth a warning, where it would be certain death.</summary>
    private const double UnknownTrainsAll = 0.6;
    /// <summary>… where it names a training, or the process tells its live bytes: somebody watches a training loop from within.</summary>
    private const double TrainingTrainsAll = 0.9;
    /// <summary>… where it names adapters: what is loaded stays as it is.</summary>
    private const double AdaptingTrainsAll = 0.1;
    /// <summary>… and where it names a server.</summary>
    public const double ServingTrainsAll = 0.02;
    /// <summary>Half of the first steps come within this time after the last rise of loading, half of the rest within twice as much more (Lindy's law).</summary>
    private const double FirstStepHalfSeconds = 5;
    private static readonly Bytes LeastWeights = Bytes.FromMiB(200);
    /// <summary>Ends of the segments of 20 MiB that weights leave open.</summary>
    private static readonly Bytes LeastSlack = Bytes.FromMiB(64);
    private const double SlackShare = 0.1;

    /// <summary>Who is looked at more seldom may have stepped between two samples: what it holds is not known to be weights.</summary>
    private const double LongestPeriodSeconds = 5;

    public static Threat? Of(ProcessSeries series, Trade? trade, Constants constants)
    {
        if (series.Phase != JobPhase.Loading || !series.SeenFromStart || series.Held < LeastWeights || series.PeriodSeconds > LongestPeriodSeconds || HasComputed(series))
        {
            return null;
        }
        var ratio = Math.Max(0.01, series.Available / series.Held);
        var dies = 1 / (1 + Math.Pow(ratio / constants.UndeclaredRatio, constants.UndeclaredSteepness));
        return new Threat(ratio < 1 ? Cause.FirstBackward : Cause.FirstOptimizer, Trains(series, trade) * dies, FirstStepHalfSeconds, 0.8, series.Held * 3);
    }

    /// <summary>Loading fills what it reserves: blocks it has reserved and let go show that it computes, and what it holds is more than weights.</summary>
    private static bool HasComputed(ProcessSeries series) =>
        series.TorchReserved is { } reserved && series.TorchAllocated is { } live && reserved - live > Bytes.Max(LeastSlack, reserved * SlackShare);

    /// <summary>Probability 0–1 that it trains, given that its first step has not come for so long.</summary>
    private static double Trains(ProcessSeries series, Trade? trade)
    {
        var prior = trade switch
        {
            Trade.Serving => ServingTrainsAll,
            Trade.Adapting => AdaptingTrainsAll,
            Trade.Training => TrainingTrainsAll,
            _ when series.TorchAllocated is not null => TrainingTrainsAll,
            Trade.Unknown => UnknownTrainsAll,
            _ => TrainsAll,
        };
        return Survival.Dies(prior, FirstStepHalfSeconds, series.NowSeconds - series.GrewSeconds);
    }
}
