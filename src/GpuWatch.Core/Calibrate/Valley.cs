using GpuWatch.Core.Estimate;
using MathNet.Numerics;

namespace GpuWatch.Core.Calibrate;

/// <summary>
/// Where a knob makes a loss least, its bounds included: a coarse look first, since there may be two valleys, then golden sections of the deepest.
/// MathNet's minimiser wants the least inside of its bounds.
/// </summary>
internal static class Valley
{
    private const int Looks = 16;

    /// <summary>Of the knob's spread.</summary>
    private const double Fineness = 0.002;

    public static double Least(KnobRange range, Func<double, double> loss)
    {
        var step = (range.Most - range.Least) / Looks;
        var deepest = Enumerable.Range(0, Looks + 1).Select(look => range.Least + look * step).MinBy(loss);
        var (low, high) = (Math.Max(range.Least, deepest - step), Math.Min(range.Most, deepest + step));
        while (high - low > Fineness * range.Spread)
        {
            var section = (Constants.GoldenRatio - 1) * (high - low);
            var (left, right) = (high - section, low + section);
            (low, high) = loss(left) < loss(right) ? (low, right) : (left, high);
        }
        return (low + high) / 2;
    }
}
