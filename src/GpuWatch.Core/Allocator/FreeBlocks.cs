using System.Numerics;
using System.Runtime.InteropServices;

namespace GpuWatch.Core.Allocator;

/// <summary>
/// The free blocks of one pool. PyTorch keeps them in a std::set; here the best fit is looked for in an unordered array of sizes, several at
/// a time, so that adding and removing cost nothing.
/// </summary>
internal sealed class FreeBlocks
{
    /// <summary>Sizes in units of 512 bytes, the largest number for all beyond it.</summary>
    private int[] units = new int[64];
    private int[] blocks = new int[64];

    public int Count { get; private set; }

    public int this[int position] => blocks[position];

    public void Clear() => Count = 0;

    /// <returns>The position of the block, until it or another one is removed.</returns>
    public int Add(long size, int block)
    {
        if (Count == units.Length)
        {
            Array.Resize(ref units, Count * 2);
            Array.Resize(ref blocks, Count * 2);
        }
        (units[Count], blocks[Count]) = (Units(size), block);
        return Count++;
    }

    public void Resize(int position, long size) => units[position] = Units(size);

    /// <returns>The block that moves to this position; -1 = none.</returns>
    public int RemoveAt(int position)
    {
        Count--;
        if (position == Count)
        {
            return -1;
        }
        (units[position], blocks[position]) = (units[Count], blocks[Count]);
        return blocks[position];
    }

    /// <summary>The smallest size there is that is large enough, in units; null = there is none.</summary>
    public int? Least(long size)
    {
        var least = Units(size);
        var best = int.MaxValue;
        var sizes = units.AsSpan(0, Count);
        var vectors = MemoryMarshal.Cast<int, Vector<int>>(sizes);
        var wanted = new Vector<int>(least);
        var smallest = new Vector<int>(int.MaxValue);
        foreach (ref readonly var vector in vectors)
        {
            smallest = Vector.Min(smallest, Vector.ConditionalSelect(Vector.GreaterThanOrEqual(vector, wanted), vector, new Vector<int>(int.MaxValue)));
        }
        for (var i = 0; i < Vector<int>.Count; i++)
        {
            best = Math.Min(best, smallest[i]);
        }
        foreach (var unit in sizes[(vectors.Length * Vector<int>.Count)..])
        {
            best = unit >= least && unit < best ? unit : best;
        }
        return best == int.MaxValue && !sizes.Contains(int.MaxValue) ? null : best;
    }

    /// <summary>The next position from <paramref name="start"/> on with a block of so many units; -1 = none.</summary>
    public int Next(int size, int start)
    {
        var found = units.AsSpan(start, Count - start).IndexOf(size);
        return found < 0 ? -1 : start + found;
    }

    private static int Units(long size) => (int)Math.Min(int.MaxValue, size / Granularity.Block);
}
