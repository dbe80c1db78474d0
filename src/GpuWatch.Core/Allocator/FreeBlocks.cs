using System.Numerics;
using System.Runtime.Intrinsics;

namespace GpuWatch.Core.Allocator;

/// <summary>
/// The free blocks of one pool. PyTorch keeps them in a std::set by size and address; here the best fit is looked for in unordered arrays, several
/// sizes at a time, so that adding and removing cost nothing.
/// </summary>
internal sealed class FreeBlocks
{
    /// <summary>Sizes in units of 512 bytes, the largest number for all beyond it; 0 behind the last one. There are always whole vectors of them.</summary>
    private int[] units = new int[64];
    private long[] addresses = new long[64];
    private int[] blocks = new int[64];

    public int Count { get; private set; }

    public int this[int position] => blocks[position];

    public void Clear()
    {
        units.AsSpan(0, Count).Clear();
        Count = 0;
    }

    /// <param name="position">Of a block that goes; -1 = none does.</param>
    /// <returns>The position of the block, until it or another one is removed.</returns>
    public int Put(long size, long address, int block, int position)
    {
        if (position < 0)
        {
            position = Count++;
            if (position == units.Length)
            {
                Array.Resize(ref units, position * 2);
                Array.Resize(ref addresses, position * 2);
                Array.Resize(ref blocks, position * 2);
            }
        }
        (units[position], addresses[position], blocks[position]) = (Units(size), address, block);
        return position;
    }

    public void Resize(int position, long size) => units[position] = Units(size);

    /// <returns>The block that moves to this position; -1 = none.</returns>
    public int RemoveAt(int position)
    {
        var last = --Count;
        (units[position], addresses[position], blocks[position]) = (units[last], addresses[last], blocks[last]);
        units[last] = 0;
        return position == last ? -1 : blocks[position];
    }

    /// <summary>The position of the smallest block that is large enough, the lowest address of several; -1 = there is none.</summary>
    public int BestFit(long size) => Least(Units(size)) is var least && least > 0 ? Lowest(least) : -1;

    /// <summary>The smallest size there is that is large enough; 0 = there is none. Vectors have a fixed width to be compiled ahead.</summary>
    private int Least(int size)
    {
        var (wanted, none) = (Vector128.Create(size - 1), Vector128.Create(int.MaxValue));
        var (smallest, found) = (none, Vector128<int>.Zero);
        ref var first = ref units[0];
        for (var at = 0; at < Count; at += Vector128<int>.Count)
        {
            var sizes = Vector128.LoadUnsafe(ref first, (nuint)at);
            var enough = Vector128.GreaterThan(sizes, wanted);
            smallest = Vector128.Min(smallest, Vector128.ConditionalSelect(enough, sizes, none));
            found |= enough;
        }
        if (found == Vector128<int>.Zero)
        {
            return 0;
        }
        smallest = Vector128.Min(smallest, Vector128.Shuffle(smallest, Vector128.Create(2, 3, 0, 1)));
        return Math.Min(smallest.GetElement(0), smallest.GetElement(1));
    }

    private int Lowest(int size)
    {
        var (best, lowest) = (-1, long.MaxValue);
        var wanted = Vector128.Create(size);
        ref var first = ref units[0];
        for (var start = 0; start < Count; start += 64)
        {
            // All that are alike are found before one is looked at: a branch for each vector would be guessed wrong as often as there are some.
            var alike = 0UL;
            for (var at = start; at < Math.Min(Count, start + 64); at += Vector128<int>.Count)
            {
                alike |= (ulong)Vector128.Equals(Vector128.LoadUnsafe(ref first, (nuint)at), wanted).ExtractMostSignificantBits() << (at - start);
            }
            for (; alike != 0; alike &= alike - 1)
            {
                var position = start + BitOperations.TrailingZeroCount(alike);
                (best, lowest) = addresses[position] < lowest ? (position, addresses[position]) : (best, lowest);
            }
        }
        return best;
    }

    private static int Units(long size) => (int)Math.Min(int.MaxValue, size / Granularity.Block);
}
