using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>The median of the last five values: one of them may be anything.</summary>
internal sealed class RecentMedian
{
    private const int Length = 5;

    private readonly long[] ring = new long[Length];
    private int seen;

    public Bytes Add(Bytes value)
    {
        ring[seen++ % Length] = value.Count;
        Span<long> sorted = stackalloc long[Length];
        var count = Math.Min(seen, Length);
        ring.AsSpan(0, count).CopyTo(sorted);
        sorted[..count].Sort();
        seen = seen == 2 * Length ? Length : seen;
        return new(sorted[count / 2]);
    }
}
