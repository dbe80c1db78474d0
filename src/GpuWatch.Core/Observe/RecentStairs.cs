namespace GpuWatch.Core.Observe;

/// <summary>The last stairs, oldest first; older ones are forgotten, so the memory of a process is bounded whatever its length.</summary>
public sealed class RecentStairs
{
    /// <summary>Enough to tell a rhythm, little enough to look at on every sample.</summary>
    public const int Capacity = 32;

    /// <summary>Grows to the capacity: most processes climb a few stairs and then stay.</summary>
    private Stair[] ring = new Stair[4];
    private int next;
    /// <summary>When the last stair began to rise.</summary>
    private double beganSeconds;

    public int Count { get; private set; }

    /// <summary>There were more than are remembered.</summary>
    public bool HasForgotten { get; private set; }

    /// <summary>0 is the oldest that is remembered.</summary>
    public Stair this[int index] => ring[(next - Count + index + ring.Length) % ring.Length];

    public Stair Last => this[Count - 1];

    /// <summary>
    /// Adds a stair; one that comes within <paramref name="restSeconds"/> of the last is the same stair, still rising, unless that has risen for
    /// <paramref name="longestSeconds"/>.
    /// </summary>
    /// <returns>False when it was the last one, still rising.</returns>
    public bool Add(Stair stair, double restSeconds, double longestSeconds = double.PositiveInfinity)
    {
        var stillRises = Count > 0 && stair.TimeSeconds - Last.TimeSeconds <= restSeconds;
        if (stillRises && stair.TimeSeconds - beganSeconds <= longestSeconds)
        {
            ring[(next - 1 + ring.Length) % ring.Length] = stair with { Rise = Last.Rise + stair.Rise, IsPart = Last.IsPart };
            return false;
        }
        if (Count == ring.Length && Count < Capacity)
        {
            Grow();
        }
        beganSeconds = stair.TimeSeconds;
        ring[next] = stair with { IsPart = stillRises };
        next = (next + 1) % ring.Length;
        (Count, HasForgotten) = (Math.Min(Count + 1, Capacity), HasForgotten || Count == Capacity);
        return true;
    }

    public void Clear() => (Count, HasForgotten) = (0, false);

    private void Grow()
    {
        var larger = new Stair[Math.Min(Capacity, 2 * ring.Length)];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = this[i];
        }
        (ring, next) = (larger, Count);
    }
}
