namespace GpuWatch.Core.Allocator.Pickle;

/// <summary>
/// A dict whose entries stand in the order of the file; of equal keys the last one holds, as in Python. The dicts of a snapshot are small and
/// alike, so that those with the same keys share them.
/// </summary>
internal sealed class PickleDict
{
    /// <summary>Lists of keys that many dicts have; a file with more kinds of dicts than that shares the first ones.</summary>
    internal sealed class Shapes
    {
        private const int Most = 32;
        private readonly List<PickleValue[]> known = [];

        /// <param name="pairs">Key, value, key, value …</param>
        public PickleValue[] KeysOf(ReadOnlySpan<PickleValue> pairs)
        {
            foreach (var keys in known)
            {
                if (Same(keys, pairs))
                {
                    return keys;
                }
            }
            var made = new PickleValue[pairs.Length / 2];
            for (var at = 0; at < made.Length; at++)
            {
                made[at] = pairs[at * 2];
            }
            if (known.Count < Most && made.Length < Most)
            {
                known.Add(made);
            }
            return made;
        }

        private static bool Same(PickleValue[] keys, ReadOnlySpan<PickleValue> pairs)
        {
            if (keys.Length * 2 != pairs.Length)
            {
                return false;
            }
            for (var at = 0; at < keys.Length; at++)
            {
                if (keys[at].Text is not { } text || text != pairs[at * 2].Text)
                {
                    return false;
                }
            }
            return true;
        }
    }

    /// <summary>Never written to: it may be another dict's too.</summary>
    private PickleValue[] keys = [];
    private PickleValue[] values = [];

    public int Count { get; private set; }

    public (PickleValue Key, PickleValue Value) this[int index] => (keys.AsSpan(0, Count)[index], values[index]);

    /// <summary>The value of a key that is text; null = there is none. Looks at every entry.</summary>
    public PickleValue? Find(string key)
    {
        for (var at = Count - 1; at >= 0; at--)
        {
            if (keys[at].Text == key)
            {
                return values[at];
            }
        }
        return null;
    }

    /// <param name="pairs">Key, value, key, value …</param>
    public void Add(ReadOnlySpan<PickleValue> pairs, Shapes shapes)
    {
        var more = pairs.Length / 2;
        var isFirst = Count == 0;
        if (isFirst)
        {
            (keys, values) = (shapes.KeysOf(pairs), new PickleValue[more]);
        }
        else if (Count + more > keys.Length)
        {
            // A new array, so that what was shared is not any more.
            var room = Math.Max(Count + more, Count * 2);
            Array.Resize(ref keys, room);
            Array.Resize(ref values, room);
        }
        for (var at = 0; at < more; at++, Count++)
        {
            if (!isFirst)
            {
                keys[Count] = pairs[at * 2];
            }
            values[Count] = pairs[at * 2 + 1];
        }
    }
}
