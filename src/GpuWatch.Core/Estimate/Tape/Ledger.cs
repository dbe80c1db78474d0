using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>What a live byte is there for.</summary>
internal enum Part
{
    Weights,
    MasterWeights,
    Gradients,
    OptimizerStates,
    Activations,
    Logits,
    Temporaries,
    Communication,
}

/// <summary>
/// Bytes by part; where it was asked for, also by item. A value of eight numbers: taking a snapshot of it copies them and allocates nothing; items,
/// where there are any, are shared with it and never change.
/// </summary>
internal struct Ledger
{
    private Amounts amounts;

    /// <summary>Bytes of each item; null = only parts are counted.</summary>
    public ImmutableDictionary<Item, long>? Items { get; private set; }

    /// <summary>An empty ledger that counts items too.</summary>
    public static Ledger Itemised() => new() { Items = ImmutableDictionary<Item, long>.Empty };

    public readonly long this[Part part] => amounts[(int)part];

    public readonly long Total
    {
        get
        {
            var sum = 0L;
            foreach (var bytes in amounts)
            {
                sum += bytes;
            }
            return sum;
        }
    }

    public void Count(Part part, Place place, long bytes) => Count(part, place, bytes, bytes);

    /// <param name="each">Bytes of one of such tensors; 0 = they are of many sizes.</param>
    /// <param name="bytes">How many more there are now.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count(Part part, Place place, long each, long bytes)
    {
        amounts[(int)part] += bytes;
        if (Items is not null)
        {
            Add(new(part, place, each), bytes);
        }
    }

    public void Add(in Ledger other, long times = 1)
    {
        for (var i = 0; i < Amounts.Parts; i++)
        {
            amounts[i] += times * other.amounts[i];
        }
        if (Items is not null && other.Items is not null)
        {
            foreach (var (item, bytes) in other.Items)
            {
                Add(item, times * bytes);
            }
        }
    }

    /// <summary>A part's bytes times a factor; items stay as they were played.</summary>
    public void Scale(Part part, double factor) => amounts[(int)part] = (long)(amounts[(int)part] * factor);

    private void Add(Item item, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }
        var sum = Items!.GetValueOrDefault(item) + bytes;
        Items = sum == 0 ? Items!.Remove(item) : Items!.SetItem(item, sum);
    }

    [InlineArray(Parts)]
    private struct Amounts
    {
        public const int Parts = 8;

        private long first;
    }
}
