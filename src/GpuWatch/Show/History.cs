namespace GpuWatch.Show;

/// <summary>
/// The last minutes of a series, for sparklines: one point a second, the highest of that second, since peaks are what kills; of a
/// plateau only its ends, so that a node of hundreds of quiet processes costs little. Bounded; the oldest point goes first. Not
/// thread-safe.
/// </summary>
internal sealed class History(int capacity = History.TenMinutes)
{
    public const int TenMinutes = 600;

    private (double TimeSeconds, long Value)[] points = new (double, long)[Math.Min(capacity, 16)];
    private int start;

    public int Count { get; private set; }

    /// <summary>Oldest first.</summary>
    public (double TimeSeconds, long Value) this[int index] => points[(start + index) % points.Length];

    public void Add(double timeSeconds, long value)
    {
        if (Count > 0 && Math.Floor(this[Count - 1].TimeSeconds) == Math.Floor(timeSeconds))
        {
            ref var last = ref points[(start + Count - 1) % points.Length];
            last.Value = Math.Max(last.Value, value);
            return;
        }
        if (Count >= 3 && this[Count - 1].Value == this[Count - 2].Value && this[Count - 2].Value == this[Count - 3].Value)
        {
            points[(start + Count - 2) % points.Length] = this[Count - 1];
            Count--;
        }
        while (Count > 1 && this[1].TimeSeconds <= timeSeconds - capacity)
        {
            DropOldest();
        }
        if (Count == points.Length && Count < capacity)
        {
            Grow();
        }
        if (Count == points.Length)
        {
            DropOldest();
        }
        points[(start + Count++) % points.Length] = (timeSeconds, value);
    }

    /// <summary>What it was at a time of its span; null before it.</summary>
    public long? At(double timeSeconds)
    {
        for (var i = Count - 1; i >= 0; i--)
        {
            if (this[i].TimeSeconds <= timeSeconds)
            {
                return this[i].Value;
            }
        }
        return null;
    }

    private void DropOldest()
    {
        start = (start + 1) % points.Length;
        Count--;
    }

    private void Grow()
    {
        var larger = new (double, long)[Math.Min(capacity, 2 * points.Length)];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = this[i];
        }
        (points, start) = (larger, 0);
    }
}
