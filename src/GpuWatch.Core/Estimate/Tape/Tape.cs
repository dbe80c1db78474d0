namespace GpuWatch.Core.Estimate.Tape;

/// <summary>
/// Plays a training step with sizes instead of numbers: tensors are born, held, saved for backward and freed in the order in which PyTorch's
/// autograd does it, and the tape knows the peak and what it was made of. docs/decisions/0010-the-peak-is-played.md says why.
/// A layer that comes again is played once and counted as often as it comes. One tape serves many steps; not thread-safe.
/// </summary>
internal sealed partial class Tape
{
    private long[] bytes = new long[512];
    private int[] references = new int[512];
    private Part[] parts = new Part[512];
    private int storages;
    private Ledger live, spanPeak, phasePeak;
    private long total, spanPeakTotal, phasePeakTotal;

    /// <summary>What the next tensors are for.</summary>
    public Part Part { get; set; } = Part.Activations;

    /// <summary>Live bytes now.</summary>
    public long Total => total;

    public Ledger Live => live;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        (storages, nodes, total, Recording, Part, Accumulating) = (0, 0, 0, true, Part.Activations, false);
        live = default;
        casts.Clear();
        BeginPhase();
    }

    /// <summary>A storage of its own with one holder.</summary>
    public int Allocate(long size, Part part)
    {
        if (storages == bytes.Length)
        {
            Grow();
        }
        (bytes[storages], references[storages], parts[storages]) = (size, 1, part);
        Count(part, size);
        return storages++;
    }

    /// <summary>Bytes that stay until <see cref="Count"/> takes them away again.</summary>
    public void Count(Part part, long size)
    {
        live[(int)part] += size;
        total += size;
        if (total > spanPeakTotal)
        {
            (spanPeakTotal, spanPeak) = (total, live);
        }
    }

    public void Hold(int storage)
    {
        if (storage >= 0)
        {
            references[storage]++;
        }
    }

    public void Release(int storage)
    {
        if (storage >= 0 && --references[storage] == 0)
        {
            live[(int)parts[storage]] -= bytes[storage];
            total -= bytes[storage];
        }
    }

    /// <summary>A name goes out of scope.</summary>
    public void Drop(Tensor tensor) => Release(tensor.Storage);

    /// <summary>Bytes that live for a moment.</summary>
    public void Touch(long size, Part part = Part.Temporaries)
    {
        Count(part, size);
        live[(int)part] -= size;
        total -= size;
    }

    public void BeginPhase()
    {
        (phasePeak, phasePeakTotal) = (live, total);
        (spanPeak, spanPeakTotal) = (live, total);
    }

    /// <summary>The peak since <see cref="BeginPhase"/>.</summary>
    public Ledger EndPhase()
    {
        Merge(spanPeak, spanPeakTotal);
        return phasePeak;
    }

    /// <summary>Begins a stretch that may be counted several times.</summary>
    public Ledger BeginSpan()
    {
        Merge(spanPeak, spanPeakTotal);
        (spanPeak, spanPeakTotal) = (live, total);
        return live;
    }

    /// <summary>
    /// Ends a stretch that comes <paramref name="times"/> times in a row. Each time starts where the one before ended,
    /// so the peak is in the last one when the stretch leaves bytes behind, and in the first one when it frees some.
    /// </summary>
    public void EndSpan(in Ledger start, int times)
    {
        var left = live;
        left.Add(start, -1);
        var grows = left.Total;
        if (grows > 0)
        {
            spanPeak.Add(left, times - 1);
            spanPeakTotal += grows * (times - 1);
        }
        live.Add(left, times - 1);
        total += grows * (times - 1);
        Merge(spanPeak, spanPeakTotal);
        (spanPeak, spanPeakTotal) = (live, total);
    }

    private void Merge(in Ledger peak, long size)
    {
        if (size > phasePeakTotal)
        {
            (phasePeak, phasePeakTotal) = (peak, size);
        }
    }

    private void Grow()
    {
        Array.Resize(ref bytes, bytes.Length * 2);
        Array.Resize(ref references, bytes.Length);
        Array.Resize(ref parts, bytes.Length);
    }
}
