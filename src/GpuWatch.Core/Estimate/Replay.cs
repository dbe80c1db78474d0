using GpuWatch.Core.Allocator;
using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate;

/// <summary>
/// Plays loading and the first steps, block by block, into a model of PyTorch's allocator. What it reserves beyond what is allocated is decided
/// by the order of events: gradients and optimizer states are put into the holes that activations left, and the next step finds none as large.
/// docs/decisions/0012-the-cache-is-replayed.md says why and how many blocks.
/// </summary>
internal ref struct Replay
{
    /// <summary>Tensors a replay may make, about: what keeps 10,000 estimates within a second.</summary>
    private const int Budget = 500;

    /// <summary>More experts than these are put together.</summary>
    private const long MostExperts = 8;

    /// <summary>
    /// Lengths of the steps, as shares of the longest. Of a fixed length the second step is the first with all states in place. Of lengths that
    /// vary only a record asks for larger blocks than there are; records of evenly spread lengths halve what is left to the longest.
    /// </summary>
    private static readonly double[] Fixed = [1, 1], Varying = [0.5, 0.75, 0.875, 1];

    /// <summary>The least room is looked for to this part of the peak.</summary>
    private const int Fineness = 200;

    private readonly Tape.Tape tape;
    private readonly IAllocator allocator;
    private readonly Requests requests, stepping;
    private readonly Workload work;
    private readonly int layers;
    private readonly ReadOnlySpan<TensorSize> model, trained;

    /// <summary>The share of the length of the step that is told in the requests, and how far it goes up to the optimizer; 0 = no step.</summary>
    private (double Share, int End) told;

    private Replay(Scratch scratch, IAllocator allocator, Workload work, int layers, ReadOnlySpan<TensorSize> model, ReadOnlySpan<TensorSize> trained)
    {
        (tape, requests, stepping) = (scratch.Tape, scratch.Step, scratch.Stepping);
        this.allocator = allocator;
        this.work = work;
        this.layers = Math.Min(layers, work.Step.Layers);
        this.model = model;
        this.trained = trained;
    }

    private enum Purpose { Weight, Adapter, Master, Moments, Stepping }

    /// <summary>Bytes reserved beyond the allocated peak.</summary>
    /// <param name="storages">Tensors the tape made to play the step with alike blocks played once.</param>
    public static long Cached(Scratch scratch, Workload work, int storages)
    {
        Span<TensorSize> model = stackalloc TensorSize[TensorSizes.Most], trained = stackalloc TensorSize[TensorSizes.Most];
        var replay = Of(scratch, scratch.Allocator, work, Math.Max(2, Budget / Math.Max(1, storages)), model, trained);
        scratch.Allocator.Clear();
        replay.Play(work.LengthsVary ? Varying : Fixed);
        return scratch.Allocator.PeakReserved - scratch.Allocator.PeakAllocated;
    }

    /// <summary>What the allocator holds after loading and two steps of the declared size, all blocks played.</summary>
    public static long Reserved(Scratch scratch, Workload work)
    {
        scratch.Allocator.Clear();
        Play(scratch, scratch.Allocator, work, work.Step.Layers, Fixed);
        return scratch.Allocator.PeakReserved;
    }

    /// <summary>Loading, and a step of each of these shares of the declared length; what was played before is a prefix of what more lengths play.</summary>
    /// <param name="allocator">Empty.</param>
    public static void Play(Scratch scratch, IAllocator allocator, Workload work, int layers, ReadOnlySpan<double> lengths)
    {
        Span<TensorSize> model = stackalloc TensorSize[TensorSizes.Most], trained = stackalloc TensorSize[TensorSizes.Most];
        var replay = Of(scratch, allocator, work, layers, model, trained);
        replay.Play(lengths);
    }

    /// <summary>
    /// Least room in which loading and two steps of the declared size find a place for every tensor, over their live peak: at least 1. Where it is
    /// missed the allocator has given back all it only cached, and what is free lies in pieces. All blocks are played, about ten times.
    /// </summary>
    public static double Tightness(Scratch scratch, Workload work)
    {
        Span<TensorSize> model = stackalloc TensorSize[TensorSizes.Most], trained = stackalloc TensorSize[TensorSizes.Most];
        var allocator = scratch.Allocator;
        var replay = Of(scratch, allocator, work, work.Step.Layers, model, trained);
        allocator.Clear();
        replay.Play(Fixed);
        var (live, tooLittle, enough) = (allocator.PeakAllocated, allocator.PeakAllocated - 1, allocator.PeakReserved);
        while (enough - tooLittle > live / Fineness)
        {
            var middle = (tooLittle + enough) / 2;
            allocator.Clear(new(middle));
            replay.Play(Fixed);
            (tooLittle, enough) = allocator.Failures == 0 ? (tooLittle, middle) : (middle, enough);
        }
        return live > 0 ? (double)enough / live : 1;
    }

    private static Replay Of(Scratch scratch, IAllocator allocator, Workload work, int layers, Span<TensorSize> model, Span<TensorSize> trained) =>
        new(scratch, allocator, work, layers, model[..TensorSizes.Model(work.Step, model)], trained[..TensorSizes.Trained(work.Step, trained)]);

    private void Play(ReadOnlySpan<double> lengths)
    {
        Load();
        if (work.Method is not MethodKind.Load)
        {
            Steps(lengths);
        }
    }

    private void Load()
    {
        Place(model, Purpose.Weight, WeightScale());
        if (work.Step.Block.Rank > 0)
        {
            Place(trained, Purpose.Adapter);
        }
        if (work.Masters && !work.OptimizerOffloaded)
        {
            Place(trained, Purpose.Master);
        }
    }

    private void Steps(ReadOnlySpan<double> lengths)
    {
        var first = true;
        foreach (var share in lengths)
        {
            Tell(share);
            requests.Play(allocator, ..told.End);
            if (work.Method is MethodKind.Inference)
            {
                continue;
            }
            if (!work.OptimizerOffloaded)
            {
                Optimize(first);
            }
            requests.Play(allocator, told.End..);
            first = false;
        }
        if (work.Evaluates)
        {
            Keep(work.LogitsKept);
            Tell(work.Evaluation);
            requests.Play(allocator, ..);
        }
    }

    private void Tell(double share)
    {
        if (told.Share == share)
        {
            return;
        }
        Tell(share < 1 ? work.Step.Shorter(share) : work.Step);
        told = (share, requests.Count);
        tape.DropGradients();
    }

    private void Tell(Step step)
    {
        told = default;
        requests.Clear();
        tape.Clear(requests);
        tape.GradientShare = StepPlan.GradientShare(work);
        StepPlayer.Play(tape, step, layers);
    }

    private void Optimize(bool first)
    {
        if (first)
        {
            Place(trained, Purpose.Moments);
            TellStepping();
        }
        stepping.Play(allocator, ..);
    }

    private void TellStepping()
    {
        stepping.Clear();
        Place(trained, Purpose.Stepping);
        for (var (storage, made) = (0, stepping.Made); OptimizerStates.StepsAtOnce(work.Optimizer) && storage < made; storage++)
        {
            stepping.Free(storage);
        }
    }

    /// <summary>What is outside of the blocks, then block by block, as PyTorch lists a model's parameters.</summary>
    private readonly void Place(ReadOnlySpan<TensorSize> tensors, Purpose purpose, double scale = 1)
    {
        Span<long> sizes = stackalloc long[TensorSizes.Most];
        for (var i = 0; i < tensors.Length; i++)
        {
            ref readonly var tensor = ref tensors[i];
            sizes[i] = Size(tensor.InEachBlock > 0 ? tensor with { Elements = tensor.Elements * tensor.InEachBlock / InOneBlock(tensor) } : tensor, purpose, scale);
            for (var n = tensor.InEachBlock > 0 ? tensor.Count : 0; n < tensor.Count; n++)
            {
                Place(sizes[i], purpose);
            }
        }
        for (var layer = 0; layer < layers; layer++)
        {
            for (var i = 0; i < tensors.Length; i++)
            {
                for (var n = layer < Blocks(tensors[i]) ? InOneBlock(tensors[i]) : 0; n > 0; n--)
                {
                    Place(sizes[i], purpose);
                }
            }
        }
    }

    /// <summary>Of the blocks that are played those that have it: all, or those of one of two stacks.</summary>
    private readonly long Blocks(in TensorSize tensor) =>
        tensor.InEachBlock == 0 || work.Step.EncoderLayers == 0 ? layers : Math.Max(1, layers * (tensor.Count / tensor.InEachBlock) / work.Step.Layers);

    private static long InOneBlock(in TensorSize tensor) => Math.Min(tensor.InEachBlock, MostExperts);

    private readonly void Place(long size, Purpose purpose)
    {
        switch (purpose)
        {
            case Purpose.Moments:
                Keep(size / 2);
                Keep(size - size / 2);
                break;
            case Purpose.Stepping:
                stepping.Make(size);
                if (!OptimizerStates.StepsAtOnce(work.Optimizer))
                {
                    stepping.Free(stepping.Made - 1);
                }
                break;
            default:
                Keep(size);
                break;
        }
    }

    /// <summary>It stays for the rest of the job.</summary>
    private readonly void Keep(long size)
    {
        if (size > 0)
        {
            allocator.TryAllocate(size, out _);
        }
    }

    private readonly long Size(in TensorSize tensor, Purpose purpose, double scale) => purpose switch
    {
        Purpose.Weight => (long)(Stored(tensor) * scale),
        Purpose.Adapter => tensor.Elements * work.Step.Block.LoraWidth / work.Layout.WeightShards,
        Purpose.Master => Share(4 * tensor.Elements),
        Purpose.Moments => Share(OptimizerStates.Kept(work.Optimizer, tensor.Elements, work.StateWidth)),
        _ => Share(OptimizerStates.WhileStepping(work.Optimizer, [tensor with { Count = 1 }], work.StateWidth, work.Masters)),
    };

    private readonly long Share(long bytes) => bytes / StepPlan.Cuts(work);

    /// <summary>What sharding, offloading and experts make of the weights' own sizes.</summary>
    private readonly double WeightScale()
    {
        var own = 0.0;
        foreach (var tensor in model)
        {
            own += Stored(tensor) * tensor.Count;
        }
        return (work.Weights.Total - work.Weights.Adapters) / own;
    }

    private readonly double Stored(in TensorSize tensor) => tensor.Elements
        * (tensor.Packed ? QuantisedWeights.BytesPerWeight(work.Job.QuantFormat, work.Job.QuantBits) : work.Step.Block.WeightWidth);
}
