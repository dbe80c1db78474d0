using GpuWatch.Core.Estimate;

namespace GpuWatch.Core.Calibrate;

/// <summary>
/// Fits the knobs of a profile to measured runs: bounded, robust (Huber's loss on the logarithm of the ratio), and held to where it started
/// by a quadratic penalty. One knob after the other is set to where the loss is least, until nothing moves.
/// </summary>
internal static class Fit
{
    /// <summary>Errors beyond 5 % count by their size, no longer by its square.</summary>
    private const double Knee = 0.05;

    /// <summary>An estimate that is too low is dearer than one that is too high: the job dies.</summary>
    private const double TooLow = 3.5;

    /// <summary>
    /// Weight of one spread from the start, as a mean error: a profile must hold for sources nobody has seen. Of
    /// 0.01, 0.02, 0.03 and 0.05 the last costs least on sources that were left out, and less than not fitting once it leans (<see cref="Lean"/>).
    /// </summary>
    private const double Penalty = 0.05;

    private const int Sweeps = 12;

    public static Profile To(IReadOnlyList<MeasuredRun> runs, Profile start)
    {
        var weights = Weights(runs);
        var values = start.Coefficients.Select(coefficient => coefficient.Value).ToArray();
        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            var moved = 0.0;
            foreach (var range in Knobs.All.Where(range => range.Shipped))
            {
                if (!runs.Any(run => run.Feels(range.Knob)))
                {
                    continue;
                }
                var before = values[(int)range.Knob];
                values[(int)range.Knob] = Valley.Least(range, value =>
                {
                    values[(int)range.Knob] = value;
                    var off = (value - start[range.Knob]) / range.Spread;
                    return Loss(runs, weights, start.With(values)) + Penalty * off * off;
                });
                moved = Math.Max(moved, Math.Abs(values[(int)range.Knob] - before) / range.Spread);
            }
            if (moved < 0.005)
            {
                break;
            }
        }
        return start.With(values);
    }

    /// <summary>
    /// Share 0–1 of a knob's spread that the runs leave open: what the penalty holds of it, and not they, by the curvatures of both at the fit. Each source
    /// speaks once, however many runs it has.
    /// </summary>
    public static double LeftOpen(IReadOnlyList<MeasuredRun> runs, Profile fitted, Knob knob)
    {
        var range = Knobs.All[(int)knob];
        var (weights, step) = (Weights(runs), range.Spread / 2);
        double At(double value) => Loss(runs, weights, fitted.With(knob, value));
        var said = (At(fitted[knob] + step) + At(fitted[knob] - step) - 2 * At(fitted[knob])) / (step * step);
        var held = 2 * Penalty / (range.Spread * range.Spread);
        return held / (held + runs.DistinctBy(run => run.Source).Count() * Math.Max(0, said));
    }

    /// <summary>Every source counts with the root of its rows: a large one more than a small one, but not by its size.</summary>
    private static double[] Weights(IReadOnlyList<MeasuredRun> runs)
    {
        var rows = runs.CountBy(run => run.Source).ToDictionary();
        var raw = runs.Select(run => 1 / Math.Sqrt(rows[run.Source])).ToArray();
        var sum = raw.Sum();
        return [.. raw.Select(weight => weight / sum)];
    }

    private static double Loss(IReadOnlyList<MeasuredRun> runs, double[] weights, Profile profile)
    {
        var sum = 0.0;
        for (var i = 0; i < runs.Count; i++)
        {
            sum += weights[i] * Cost(runs[i].Error(profile));
        }
        return sum;
    }

    /// <summary>What being off by this logarithm costs.</summary>
    public static double Cost(double error)
    {
        var size = Math.Abs(error);
        return (size < Knee ? size * size / (2 * Knee) : size - Knee / 2) * (error < 0 ? TooLow : 1);
    }
}
