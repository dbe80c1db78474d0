namespace GpuWatch.Show;

/// <summary>
/// The last minutes of a series, for sparklines: one point a second, the highest of that second, since peaks are what kills.
/// Bounded; the oldest point goes first. Not thread-safe.
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
        if (Count == points.Length && Count < capacity)
        {
            Grow();
        }
        if (Count == points.Length)
        {
            start = (start + 1) % points.Length;
            Count--;
        }
        points[(start + Count++) % points.Length] = (timeSeconds, value);
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
