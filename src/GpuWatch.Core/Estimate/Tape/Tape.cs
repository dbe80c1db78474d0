using GpuWatch.Core.Allocator;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>
/// Plays a training step with sizes instead of numbers: tensors are born, held, saved for backward and freed in the order in which PyTorch's
/// autograd does it, and the tape knows the peak and what it was made of. docs/decisions/0010-the-peak-is-played.md says why.
/// A layer that comes again is played once and counted as often as it comes. One tape serves many steps; not thread-safe.
/// </summary>
internal sealed partial class Tape
{
    private long[] bytes = new long[512];
    private int[] blocks = new int[512];
    private readonly List<int> gradients = [];
    private readonly List<(Tensor Input, int Mark)> entered = [];
    private readonly List<(Tensor Input, int Gradient, int Times)> kept = [];
    private int[] references = new int[512];
    private Part[] parts = new Part[512];
    private Place[] places = new Place[512];
    private int storages;
    private Ledger live, spanPeak, phasePeak;
    private long total, spanPeakTotal, phasePeakTotal;

    /// <summary>What the next tensors are for.</summary>
    public Part Part { get; set; } = Part.Activations;

    /// <summary>Where they come from.</summary>
    public Place Place { get; set; }

    /// <summary>The ledgers tell items too; for people, since it takes a hundred times as long.</summary>
    public bool Itemises { get; init; }

    /// <summary>Live bytes now.</summary>
    public long Total => total;

    public Ledger Live => live;

    /// <summary>Storages made since <see cref="Clear"/>.</summary>
    public int Storages => storages;

    /// <summary>Where every storage is put as it is made; null = blocks that are alike are played once and counted.</summary>
    public IAllocator? Allocator { get; private set; }

    /// <summary>Forgets everything.</summary>
    /// <param name="allocator">What the storages are to be put into, each block played by itself; null = only count.</param>
    public void Clear(IAllocator? allocator = null)
    {
        (storages, nodes, total, Recording, Part, Accumulating, Alike, LeafGradient, Allocator) = (0, 0, 0, true, Part.Activations, false, 1, -1, allocator);
        gradients.Clear();
        entered.Clear();
        kept.Clear();
        live = Itemises ? Ledger.Itemised() : default;
        casts.Clear();
        BeginPhase();
    }

    /// <summary>A storage of its own with one holder.</summary>
    public int Allocate(long size, Part part) => Allocate(size, part, part == Part.Gradients ? Place.Gradient : Place);

    public int Allocate(long size, Part part, Place place)
    {
        if (storages == bytes.Length)
        {
            Grow();
        }
        (bytes[storages], references[storages], parts[storages], places[storages]) = (size, 1, part, place);
        blocks[storages] = Allocator is not null && size > 0 && Allocator.TryAllocate(size, out var block) ? block : -1;
        Count(part, place, part == Part.Gradients ? 0 : size, size);
        return storages++;
    }

    /// <summary>Bytes that stay until a negative count takes them away again.</summary>
    public void Count(Part part, Place place, long size) => Count(part, place, size, size);

    /// <param name="each">Bytes of one tensor of them.</param>
    public void Count(Part part, Place place, long each, long size)
    {
        live.Count(part, place, each, size);
        total += size;
        // Into an allocator, peaks are the allocator's.
        if (total > spanPeakTotal && Allocator is null)
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
            Uncount(storage);
            total -= bytes[storage];
            if (blocks[storage] >= 0)
            {
                Allocator!.Free(blocks[storage]);
            }
        }
    }

    /// <summary>From here on it is there for something else.</summary>
    public void Move(int storage, Part part)
    {
        Uncount(storage);
        parts[storage] = part;
        live.Count(part, places[storage], bytes[storage], bytes[storage]);
    }

    private void Uncount(int storage) =>
        live.Count(parts[storage], places[storage], parts[storage] == Part.Gradients ? 0 : bytes[storage], -bytes[storage]);

    /// <summary>A name goes out of scope.</summary>
    public void Drop(Tensor tensor) => Release(tensor.Storage);

    /// <summary>Bytes that live for a moment.</summary>
    public void Touch(long size, Part part, Place place) => Release(Allocate(size, part, place));

    /// <summary>How often each playing of a block counts, that comes so many times.</summary>
    public Repetition Repetitions(int times) => Allocator is null ? new(Math.Min(times, 1), times) : new(times, 1);

    /// <summary>A block begins, whose input this is.</summary>
    public void Enter(Tensor input) => entered.Add((input, nodes));

    /// <summary>The last block that was entered is left on the way back: its input, and the nodes there were before it.</summary>
    public (Tensor Input, int Mark) Leave()
    {
        var last = entered[^1];
        entered.RemoveAt(entered.Count - 1);
        return last;
    }

    /// <summary>
    /// FSDP's hooks that reshard a frozen unit hang on the inputs of its blocks (torch/distributed/fsdp/_runtime_utils.py,
    /// _register_post_backward_reshard_only_hook); inside a reentrant checkpoint those are leaves, which the hooks keep with their gradients until
    /// backward is over. Measured: twice the checkpoints of a single GPU, for LoRA and QLoRA alike (fms-acceleration, Llama-3-8B and Llama-2-70B).
    /// </summary>
    public void KeepToTheEnd(Tensor input, int gradient, int times)
    {
        Hold(gradient);
        kept.Add((input, gradient, times));
    }

    /// <summary>Blocks that the one being played stands for.</summary>
    public int Alike { get; set; } = 1;

    /// <summary>A copy of a block's keys or values stays (transformers, DynamicCache: put behind those of earlier tokens).</summary>
    public void Cache(Tensor x) => kept.Add((x with { Storage = Allocate(x.Bytes, Part, Place.Kept) }, -1, Alike));

    /// <summary>Drops what was kept to the end.</summary>
    public void LetGo()
    {
        foreach (var (input, gradient, times) in kept)
        {
            var start = BeginSpan();
            Drop(input);
            Release(gradient);
            EndSpan(start, times);
        }
        kept.Clear();
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
        Array.Resize(ref blocks, bytes.Length);
        Array.Resize(ref parts, bytes.Length);
        Array.Resize(ref places, bytes.Length);
    }
}
