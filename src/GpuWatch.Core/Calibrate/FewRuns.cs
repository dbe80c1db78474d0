using GpuWatch.Core.Estimate;
using MathNet.Numerics.Statistics;

namespace GpuWatch.Core.Calibrate;

/// <summary>What a few runs of a source nobody had seen do for its other runs.</summary>
/// <param name="Before">Median over the draws of the median error of the other runs, by a profile fitted without the source.</param>
/// <param name="After">The same once that profile was calibrated on the drawn runs; where the calibration was refused, unchanged.</param>
/// <param name="Kept">Draws whose calibration was kept.</param>
/// <param name="Worse">Draws after which the median error of the other runs was higher by more than 0.5 %.</param>
public sealed record FewRuns(string Source, int Rows, double Before, double After, int Draws, int Kept, int Worse)
{
    /// <summary>Runs drawn each time.</summary>
    public const int Drawn = 5;

    private const int Repeats = 200, LeastOthers = 3, Seed = 20_251_122;
    private const double Noticeable = 0.005;

    /// <summary>Each source with enough runs; its draws are the same each time this is asked.</summary>
    public static IEnumerable<FewRuns> OfEachSource(IReadOnlyList<MeasuredRun> runs)
    {
        foreach (var own in runs.GroupBy(run => run.Source).Where(group => group.Count() >= Drawn + LeastOthers).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var unseen = Calibration.Shipped([.. runs.Where(run => run.Source != own.Key)], Profile.Prior);
            yield return Of(own.Key, [.. own], unseen);
        }
    }

    private static FewRuns Of(string source, MeasuredRun[] runs, Profile start)
    {
        var random = new Random(Seed);
        var (before, after) = (new double[Repeats], new double[Repeats]);
        var kept = 0;
        for (var draw = 0; draw < Repeats; draw++)
        {
            random.Shuffle(runs);
            var found = Calibration.Of(runs[..Drawn], start, shipped: false);
            kept += found.Helps ? 1 : 0;
            before[draw] = Median(runs[Drawn..], start);
            after[draw] = found.Helps ? Median(runs[Drawn..], found.Profile) : before[draw];
        }
        var worse = before.Zip(after).Count(pair => pair.Second > pair.First + Noticeable);
        return new(source, runs.Length, before.Median(), after.Median(), Repeats, kept, worse);
    }

    private static double Median(MeasuredRun[] runs, Profile profile) => Errors.Of(runs.Select(run => run.Error(profile))).MedianApe;
}
