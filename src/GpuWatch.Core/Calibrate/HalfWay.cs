using GpuWatch.Core.Estimate;
using MathNet.Numerics.Statistics;

namespace GpuWatch.Core.Calibrate;

/// <summary>
/// Caches turned half of the way to where the runs, on the median, say they are. What the allocator caches differs from trainer to trainer (what they save,
/// evaluate and log), and a handful of runs whose lengths vary tells it badly: half is what they tell, half what was known.
/// </summary>
internal static class HalfWay
{
    private const double Believed = 0.5;

    /// <summary>Fewer runs that feel the caches say nothing about them.</summary>
    private const int Enough = 4;

    /// <returns>The profile as it was where too few runs feel its caches.</returns>
    public static Profile To(IReadOnlyList<MeasuredRun> runs, Profile start)
    {
        var exact = runs.Where(run => run.Feels(Knob.Caches)).Select(run => Valley.Least(Range, value => Math.Abs(run.Error(start.With(Knob.Caches, value))))).ToArray();
        return exact.Length < Enough ? start : start.With(Knob.Caches, start[Knob.Caches] + Believed * (exact.Median() - start[Knob.Caches]));
    }

    private static KnobRange Range => Knobs.All[(int)Knob.Caches];
}
