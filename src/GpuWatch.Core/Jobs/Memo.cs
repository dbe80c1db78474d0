using System.Collections.Concurrent;

namespace GpuWatch.Core.Jobs;

/// <summary>
/// What a pure function of a name answered before: tables name few models in many rows. Of so many names that no table has them the later ones are
/// worked out each time. Safe on many threads.
/// </summary>
/// <typeparam name="T">An answer; null is one too.</typeparam>
internal sealed class Memo<T>(Func<string, T> answer)
{
    /// <summary>Names come from outside: what is kept has an end.</summary>
    private const int Most = 1024;

    private readonly ConcurrentDictionary<string, T> known = new();
    private int count;

    public T Of(string name)
    {
        if (known.TryGetValue(name, out var before))
        {
            return before;
        }
        var now = answer(name);
        if (Volatile.Read(ref count) < Most && known.TryAdd(name, now))
        {
            Interlocked.Increment(ref count);
        }
        return now;
    }
}
