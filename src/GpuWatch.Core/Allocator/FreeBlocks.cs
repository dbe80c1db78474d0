namespace GpuWatch.Core.Allocator;

/// <summary>The free blocks of one pool by size, then address: PyTorch's std::set in an array, which at a few hundred blocks is faster.</summary>
internal sealed class FreeBlocks
{
    private Entry[] entries = new Entry[64];

    private readonly record struct Entry(long Size, long Address, int Block);

    public int Count { get; private set; }

    public int this[int position] => entries[position].Block;

    public void Clear() => Count = 0;

    public void Add(long size, long address, int block)
    {
        if (Count == entries.Length)
        {
            Array.Resize(ref entries, Count * 2);
        }
        var position = AtLeast(size, address);
        entries.AsSpan(position, Count - position).CopyTo(entries.AsSpan(position + 1));
        entries[position] = new(size, address, block);
        Count++;
    }

    public void Remove(long size, long address) => RemoveAt(AtLeast(size, address));

    public void RemoveAt(int position)
    {
        entries.AsSpan(position + 1, Count - position - 1).CopyTo(entries.AsSpan(position));
        Count--;
    }

    /// <summary>Position of the first block of this size at this address, or of the next larger; <see cref="Count"/> = there is none.</summary>
    public int AtLeast(long size, long address = 0)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (int)((uint)(low + high) >> 1);
            ref readonly var entry = ref entries[middle];
            if (entry.Size < size || (entry.Size == size && entry.Address < address))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}
