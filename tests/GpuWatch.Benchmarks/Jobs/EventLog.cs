using GpuWatch.Core.Allocator;

namespace GpuWatch.Benchmarks.Jobs;

/// <summary>A request of the allocator, or the end of what one gave.</summary>
/// <param name="Bytes">What is asked for; 0 = <paramref name="Handle"/> is freed.</param>
/// <param name="Handle">Number of the request among those of its log.</param>
internal readonly record struct Event(long Bytes, int Handle);

/// <summary>An allocator that only writes down what is asked of it, so that the same step may be played again without the tape.</summary>
internal sealed class EventLog : IAllocator
{
    private readonly List<Event> events = [];
    private int handles;

    public IReadOnlyList<Event> Events => events;

    public void Clear()
    {
        events.Clear();
        handles = 0;
    }

    public bool TryAllocate(long request, out int block)
    {
        block = handles++;
        events.Add(new(request, block));
        return true;
    }

    public void Free(int block) => events.Add(new(0, block));
}
