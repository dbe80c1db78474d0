using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>
/// A sum of components that was seen as one: a stair of NVML, a floor of live bytes. It is shared out by what the plan says of each;
/// the range of a component is what the sum leaves it while all others stay within theirs.
/// </summary>
internal readonly struct Mixture
{
    private readonly Component[] parts;
    private readonly ByteRange sum;
    private readonly ByteRange[] priors;
    private readonly Bytes low, likely, high;

    public Mixture(Component[] parts, Func<Component, ByteRange> prior, ByteRange sum)
    {
        (this.parts, this.sum, priors) = (parts, sum, [.. parts.Select(prior)]);
        foreach (var range in priors)
        {
            (low, likely, high) = (low + range.Low, likely + range.Likely, high + range.High);
        }
    }

    /// <summary>More than all components together can be.</summary>
    public Bytes Unexplained => parts.Length == 1 ? Bytes.Zero : Bytes.Max(Bytes.Zero, sum.Likely - high);

    /// <summary>The share of a component in what was seen.</summary>
    public ByteRange Seen(Component component)
    {
        if (parts.Length == 1)
        {
            return sum;
        }
        var prior = Prior(component);
        var share = sum.Likely < low ? prior.Low * (sum.Likely / low)
            : sum.Likely < likely ? prior.Likely - (prior.Likely - prior.Low) * ((likely - sum.Likely) / (likely - low))
            : high > likely ? prior.Likely + (prior.High - prior.Likely) * Math.Min(1, (sum.Likely - likely) / (high - likely))
            : prior.Likely;
        var least = Bytes.Max(prior.Low, sum.Low - (high - prior.High));
        var most = Bytes.Min(prior.High, Bytes.Max(Bytes.Zero, sum.High - (low - prior.Low)));
        return new(Bytes.Min(least, share), share, Bytes.Max(most, share));
    }

    /// <summary>The plan's word and the sum, each weighed by its precision: the normal distribution given its sum.</summary>
    public ByteRange Joined(Component component)
    {
        var prior = Prior(component);
        var variance = Variance(prior);
        var all = priors.Sum(Variance) + Variance(sum);
        if (variance <= 0 || all <= 0)
        {
            return prior;
        }
        var mean = prior.Likely.Count + variance / all * (sum.Likely - likely).Count;
        var off = ByteRange.Normal90 * Math.Sqrt(variance * (1 - variance / all));
        return new(At(mean - off), At(mean), At(mean + off));
    }

    private ByteRange Prior(Component component) => priors[Array.IndexOf(parts, component)];

    private static double Variance(ByteRange range) => range.Deviation * range.Deviation;

    private static Bytes At(double count) => new((long)Math.Max(0, count));
}
