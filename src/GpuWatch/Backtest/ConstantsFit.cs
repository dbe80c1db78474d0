using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;

namespace GpuWatch.Backtest;

/// <summary>
/// Fits the constants of the threats to jobs whose end is known: one at a time, up or down by a step that shrinks, within its bounds and as
/// near to its first guess as the jobs allow.
/// </summary>
internal static class ConstantsFit
{
    /// <summary>Ratios by which a constant is moved, in the order of the sweeps.</summary>
    private static readonly double[] Steps = [1.4, 1.2, 1.1];
    /// <summary>What it costs to be a factor e away from the first guess, in units of the loss: a twentieth of one job in sixty missed.</summary>
    private const double Ridge = 0.005;

    public static Constants To(IReadOnlyList<RecordedJob> jobs)
    {
        var guess = new Constants();
        var (best, least) = (guess, Loss(jobs, guess, guess));
        foreach (var step in Steps)
        {
            foreach (var constant in Constants.All.Where(constant => constant.IsFitted))
            {
                foreach (var ratio in (double[])[step, 1 / step])
                {
                    while (Moved(constant, best, ratio) is { } next && Loss(jobs, next, guess) is var loss && loss < least)
                    {
                        (best, least) = (next, loss);
                    }
                }
            }
        }
        return best;
    }

    /// <summary>Null at a bound.</summary>
    private static Constants? Moved(Constant constant, Constants from, double ratio)
    {
        var value = Math.Clamp(constant.Get(from) * ratio, constant.Low, constant.High);
        return value == constant.Get(from) ? null : constant.With(from, value);
    }

    /// <summary>
    /// What the jobs say against the constants: pages missed and false, in costs a job, and the Brier scores against those of the base rate.
    /// Probabilities are judged on recordings alone, since how many variants die is chosen, not found.
    /// </summary>
    private static double Loss(IReadOnlyList<RecordedJob> jobs, Constants constants, Constants guess)
    {
        var options = WatchOptions.Default with { Constants = constants };
        var told = jobs.AsParallel().AsOrdered().Select(job => Folds.Replay(job, withJob: true, options)).ToArray();
        var alone = jobs.AsParallel().AsOrdered().Select(job => Folds.Replay(job, withJob: false, options)).ToArray();
        return (Pages(told, options) + Pages(alone, options)) / jobs.Count + (Sharpness(told) + Sharpness(alone)) / 2
            + Ridge * Constants.All.Sum(constant => Math.Pow(Math.Log(constant.Get(constants) / constant.Get(guess)), 2));
    }

    private static double Pages(IReadOnlyCollection<Outcome> outcomes, WatchOptions options)
    {
        var measures = Measures.Of("", outcomes);
        return options.MissCost * (measures.Caught2s.Of - measures.Caught2s.Count) + options.FalseAlarmCost * measures.FalseAlarms.Count;
    }

    /// <summary>Brier scores of both horizons over those of the base rate.</summary>
    private static double Sharpness(IEnumerable<Outcome> outcomes)
    {
        var recorded = outcomes.Where(outcome => outcome.Job.Truth.Of is null).ToArray();
        return recorded.Length == 0
            ? 0
            : Relative(Calibration.Of(recorded, 60, made => made.OomWithin60s)) + Relative(Calibration.Of(recorded, 600, made => made.OomWithin600s));
    }

    private static double Relative(Calibration calibration) => calibration.BaseBrier > 0 ? calibration.Brier / calibration.BaseBrier : 0;
}
