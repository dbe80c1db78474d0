using System.Collections.Immutable;
using GpuWatch.Core.Estimate;

namespace GpuWatch.Core.Calibrate;

/// <summary>
/// Which kinds of jobs a source's own runs speak for (docs/decisions/0013). A kind is judged by its own runs alone, each by a profile not fitted to it; of a kind that
/// was hardly seen nothing is learnt.
/// </summary>
internal static class Kinds
{
    /// <summary>Runs of a kind that speak for it at least: one may be anything.</summary>
    private const int Enough = 2;

    /// <param name="leftOut">ln(estimate ÷ truth) of each run, by a profile not fitted to it.</param>
    /// <param name="leastGain">By which the mean error of a kind must fall.</param>
    /// <returns>Kinds whose runs are nearer than they were, as they first appear.</returns>
    public static ImmutableArray<JobKind> Nearer(IReadOnlyList<MeasuredRun> runs, double[] leftOut, Profile before, double leastGain) =>
        [.. runs.Select((run, i) => (run.Kind, Before: Math.Abs(run.Error(before)), After: Math.Abs(leftOut[i])))
            .GroupBy(run => run.Kind)
            .Where(kind => kind.Count() >= Enough && kind.Average(run => run.After) < kind.Average(run => run.Before) - leastGain)
            .Select(kind => kind.Key)];
}
