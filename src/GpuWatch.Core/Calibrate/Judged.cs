using GpuWatch.Core.Estimate;
using MathNet.Numerics.Statistics;

namespace GpuWatch.Core.Calibrate;

/// <summary>An estimate held against its truth: ln(estimate ÷ truth), and whether its 90 % interval held the truth.</summary>
public readonly record struct Judged(MeasuredRun Run, double Error, bool Held);

/// <summary>How good a group of estimates is.</summary>
/// <param name="Macro">Median over the sources with three runs or more of each one's median error; null when there is no such source.</param>
/// <param name="TooLow">Share of estimates more than 10 % below the truth.</param>
/// <param name="Held">Share of truths inside their 90 % interval.</param>
public sealed record Score(int Rows, double Median, double? Macro, double P90, double Bias, double TooLow, double Held)
{
    private const int Enough = 3;

    public static Score Of(IReadOnlyCollection<Judged> judged)
    {
        var errors = Errors.Of(judged.Select(one => one.Error));
        var medians = judged.GroupBy(one => one.Run.Source).Where(group => group.Count() >= Enough)
            .Select(group => Errors.Of(group.Select(one => one.Error)).MedianApe).ToArray();
        return new(
            judged.Count, errors.MedianApe, medians.Length == 0 ? null : medians.Median(), errors.P90Ape, errors.Bias,
            judged.Count(one => Math.Exp(one.Error) < 0.9) / (double)judged.Count, judged.Count(one => one.Held) / (double)judged.Count);
    }

    /// <summary>Each run by a profile fitted without its source; its interval too is made from the errors of other sources only.</summary>
    public static List<Judged> LeaveSourceOut(IReadOnlyList<MeasuredRun> runs, Calibrated found)
    {
        var judged = new List<Judged>();
        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs[i];
            var others = new List<double>();
            var alike = new List<double>();
            for (var j = 0; j < runs.Count; j++)
            {
                if (runs[j].Source != run.Source && runs[j].Quantity == run.Quantity)
                {
                    others.Add(-found.LeftOut[j]);
                    if (runs[j].Several == run.Several)
                    {
                        alike.Add(-found.LeftOut[j]);
                    }
                }
            }
            var from = alike.Count >= Calibration.EnoughForBand ? alike : others.Count >= Calibration.EnoughForBand ? others : [.. found.LeftOut.Select(error => -error)];
            var (low, high) = (Math.Min(0, from.Quantile(0.05)), Math.Max(0, from.Quantile(0.95)));
            judged.Add(new(run, found.LeftOut[i], -found.LeftOut[i] >= low && -found.LeftOut[i] <= high));
        }
        return judged;
    }

    /// <summary>Each run by one profile, which may have been fitted on it.</summary>
    public static List<Judged> InSample(IReadOnlyList<MeasuredRun> runs, Profile profile) =>
        [.. runs.Select(run =>
        {
            var error = run.Error(profile);
            var band = profile.Band(run.Quantity, run.Several);
            return new Judged(run, error, Math.Exp(-error) >= Math.Min(1, band.Low) && Math.Exp(-error) <= Math.Max(1, band.High));
        })];
}
