namespace GpuWatch.Core.Allocator;

/// <summary>
/// What a stretch of a program asks of an allocator: storages in the order in which they are made, and when each goes. Told once, it is played as
/// often as the stretch comes.
/// </summary>
internal sealed class Requests
{
    /// <summary>The size of a storage that is made; or a storage that goes, its bits turned over.</summary>
    private long[] events = new long[1024];

    /// <summary>Where each storage was put when the stretch was last played; -1 = nowhere.</summary>
    private int[] blocks = new int[512];
    private int placed;

    /// <summary>Events so far.</summary>
    public int Count { get; private set; }

    /// <summary>Storages so far.</summary>
    public int Made { get; private set; }

    public void Clear() => (Count, Made) = (0, 0);

    /// <summary>A storage of so many bytes; those of none are numbered, but take no place.</summary>
    public void Make(long size)
    {
        if (Made == blocks.Length)
        {
            Array.Resize(ref blocks, Made * 2);
        }
        Made++;
        Add(Math.Max(0, size));
    }

    /// <param name="storage">How many were made before it.</param>
    public void Free(int storage) => Add(~storage);

    /// <summary>Plays events of the stretch, in order from the first one on. A storage that found no place is not missed when it goes.</summary>
    public void Play(IAllocator allocator, Range range)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        var (start, length) = range.GetOffsetAndLength(Count);
        placed = start == 0 ? 0 : placed;
        foreach (var what in events.AsSpan(start, length))
        {
            if (what >= 0)
            {
                blocks[placed++] = what > 0 && allocator.TryAllocate(what, out var block) ? block : -1;
            }
            else if (blocks[~what] is >= 0 and var freed)
            {
                allocator.Free(freed);
            }
        }
    }

    private void Add(long what)
    {
        if (Count == events.Length)
        {
            Array.Resize(ref events, Count * 2);
        }
        events[Count++] = what;
    }
}
