using GpuWatch.Core.Allocator;

namespace GpuWatch.Benchmarks.Jobs;

/// <summary>Plays events into the model of PyTorch's allocator.</summary>
/// <param name="capacity">Bytes there are for it; null = no end.</param>
internal sealed class Player(long? capacity = null)
{
    private int[] blocks = new int[4096];

    public CachingAllocator Allocator { get; } = new(new(capacity));

    /// <summary>Plays all of them where nothing can be refused.</summary>
    public void Play(ReadOnlySpan<Event> events)
    {
        foreach (var made in events)
        {
            Play(made);
        }
    }

    /// <returns>False = a request was refused, which ends the process.</returns>
    public bool Play(in Event made)
    {
        if (made.Bytes == 0)
        {
            Allocator.Free(blocks[made.Handle]);
            return true;
        }
        if (made.Handle >= blocks.Length)
        {
            Array.Resize(ref blocks, 2 * made.Handle);
        }
        return Allocator.TryAllocate(made.Bytes, out blocks[made.Handle]);
    }
}
