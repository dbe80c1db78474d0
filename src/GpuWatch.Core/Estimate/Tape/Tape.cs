using GpuWatch.Core.Allocator;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>
/// Plays a training step with sizes instead of numbers: tensors are born, held, saved for backward and freed in the order in which PyTorch's
/// autograd does it, and the tape knows the peak and what it was made of. docs/decisions/0010-the-peak-is-played.md says why.
/// A layer that comes again is played once and counted as often as it comes. One tape serves many steps; not thread-safe.
/// </summary>
internal sealed partial class Tape
{
    private Storage[] stored = new Storage[512];
    private readonly List<int> gradients = [];
    private Entered[] entered = new Entered[16];
    private Kept[] kept = new Kept[16];
    private int enteredCount, keptCount;
    private int storages;
    private Ledger live, spanPeak, phasePeak;
    private long total, spanPeakTotal, phasePeakTotal;

    /// <summary>Memory of one tensor, or of several that share it.</summary>
    private struct Storage
    {
        public long Bytes;
        public int Holders;
        public Part Part;
        public Place Place;

        /// <summary>What an item of its kind is counted by: gradients are of many sizes.</summary>
        public readonly long Each => Part == Part.Gradients ? 0 : Bytes;
    }

    // Of their own, since generic lists of values are not compiled ahead.
    private readonly record struct Entered(Tensor Input, int Mark);

    private readonly record struct Kept(Tensor Input, int Gradient, int Times);

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

    /// <summary>Where every storage is told as it is made and as it goes; null = blocks that are alike are played once and counted.</summary>
    public Requests? Requests { get; private set; }

    /// <summary>Forgets everything.</summary>
    /// <param name="requests">What the storages are to be told to, each block played by itself; null = only count.</param>
    public void Clear(Requests? requests = null)
    {
        (storages, nodes, total, Recording, Part, Accumulating, Alike, LeafGradient, Requests) = (0, 0, 0, true, Part.Activations, false, 1, -1, requests);
        gradients.Clear();
        (enteredCount, keptCount) = (0, 0);
        live = Itemises ? Ledger.Itemised() : default;
        casts.Clear();
        BeginPhase();
    }

    /// <summary>A storage of its own with one holder.</summary>
    public int Allocate(long size, Part part) => Allocate(size, part, part == Part.Gradients ? Place.Gradient : Place);

    public int Allocate(long size, Part part, Place place)
    {
        if (storages == stored.Length)
        {
            Array.Resize(ref stored, storages * 2);
        }
        ref var storage = ref stored[storages];
        (storage.Bytes, storage.Holders, storage.Part, storage.Place) = (size, 1, part, place);
        Requests?.Make(size);
        Count(part, place, storage.Each, size);
        return storages++;
    }

    /// <summary>Bytes that stay until a negative count takes them away again.</summary>
    public void Count(Part part, Place place, long size) => Count(part, place, size, size);

    /// <param name="each">Bytes of one tensor of them.</param>
    public void Count(Part part, Place place, long each, long size)
    {
        live.Count(part, place, each, size);
        total += size;
        // Told to an allocator, peaks are the allocator's.
        if (total > spanPeakTotal && Requests is null)
        {
            (spanPeakTotal, spanPeak) = (total, live);
        }
    }

    public void Hold(int storage)
    {
        if (storage >= 0)
        {
            stored[storage].Holders++;
        }
    }

    public void Release(int storage)
    {
        if (storage >= 0 && --stored[storage].Holders == 0)
        {
            ref readonly var gone = ref stored[storage];
            live.Count(gone.Part, gone.Place, gone.Each, -gone.Bytes);
            total -= gone.Bytes;
            Requests?.Free(storage);
        }
    }

    /// <summary>From here on it is there for something else.</summary>
    public void Move(int storage, Part part)
    {
        ref var moved = ref stored[storage];
        live.Count(moved.Part, moved.Place, moved.Each, -moved.Bytes);
        moved.Part = part;
        live.Count(moved.Part, moved.Place, moved.Each, moved.Bytes);
    }

    /// <summary>A name goes out of scope.</summary>
    public void Drop(Tensor tensor) => Release(tensor.Storage);

    /// <summary>Bytes that live for a moment.</summary>
    public void Touch(long size, Part part, Place place) => Release(Allocate(size, part, place));

    /// <summary>How often each playing of a block counts, that comes so many times.</summary>
    public Repetition Repetitions(int times) => Requests is null ? new(Math.Min(times, 1), times) : new(times, 1);

    /// <summary>A block begins, whose input this is.</summary>
    public void Enter(Tensor input) => Add(ref entered, ref enteredCount, new(input, nodes));

    /// <summary>The last block that was entered is left on the way back: its input, and the nodes there were before it.</summary>
    public (Tensor Input, int Mark) Leave()
    {
        var (input, mark) = entered[--enteredCount];
        return (input, mark);
    }

    /// <summary>
    /// FSDP's hooks that reshard a frozen unit hang on the inputs of its blocks (torch/distributed/fsdp/_runtime_utils.py,
    /// _register_post_backward_reshard_only_hook); inside a reentrant checkpoint those are leaves, which the hooks keep with their gradients until
    /// backward is over. Measured: twice the checkpoints of a single GPU, for LoRA and QLoRA alike (fms-acceleration, Llama-3-8B and Llama-2-70B).
    /// </summary>
    public void KeepToTheEnd(Tensor input, int gradient, int times)
    {
        Hold(gradient);
        Add(ref kept, ref keptCount, new(input, gradient, times));
    }

    /// <summary>Blocks that the one being played stands for.</summary>
    public int Alike { get; set; } = 1;

    /// <summary>A copy of a block's keys or values stays (transformers, DynamicCache: put behind those of earlier tokens).</summary>
    public void Cache(Tensor x) => Add(ref kept, ref keptCount, new(x with { Storage = Allocate(x.Bytes, Part, Place.Kept) }, -1, Alike));

    /// <summary>Drops what was kept to the end.</summary>
    public void LetGo()
    {
        foreach (var (input, gradient, times) in kept.AsSpan(0, keptCount))
        {
            var start = BeginSpan();
            Drop(input);
            Release(gradient);
            EndSpan(start, times);
        }
        keptCount = 0;
    }

    private static void Add<T>(ref T[] items, ref int count, T item)
    {
        if (count == items.Length)
        {
            Array.Resize(ref items, count * 2);
        }
        items[count++] = item;
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
}
