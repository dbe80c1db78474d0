using GpuWatch.Core.Allocator;
using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate;

/// <summary>
/// Plays loading and the first steps, block by block, into a model of PyTorch's allocator. What it reserves beyond what is allocated is decided
/// by the order of events: gradients and optimizer states are put into the holes that activations left, and the next step finds none as large.
/// docs/decisions/0012-the-cache-is-replayed.md says why and how many blocks.
/// </summary>
internal readonly ref struct Replay
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
    private readonly Workload work;
    private readonly int layers;
    private readonly ReadOnlySpan<TensorSize> model, trained;

    private Replay(Tape.Tape tape, Workload work, int layers, ReadOnlySpan<TensorSize> model, ReadOnlySpan<TensorSize> trained)
    {
        this.tape = tape;
        this.work = work;
        this.layers = layers;
        this.model = model;
        this.trained = trained;
    }

    private enum Purpose { Weight, Adapter, Master, Moments, Stepping }

    /// <summary>Bytes reserved beyond the allocated peak.</summary>
    /// <param name="storages">Tensors the tape made to play the step with alike blocks played once.</param>
    public static long Cached(Tape.Tape tape, CachingAllocator allocator, Workload work, int storages) =>
        OfBlocks(tape, allocator, work, Math.Clamp(Budget / Math.Max(1, storages), 2, Math.Max(2, work.Step.Layers)));

    /// <summary>
    /// Least room in which loading and two steps of the declared size find a place for every tensor, over their live peak: at least 1. Where it is
    /// missed the allocator has given back all it only cached, and what is free lies in pieces. All blocks are played, about ten times: a millisecond each.
    /// </summary>
    public static double Tightness(Tape.Tape tape, CachingAllocator allocator, Workload work)
    {
        Play(tape, allocator, work, work.Step.Layers, Fixed);
        var (live, tooLittle, enough) = (allocator.PeakAllocated, allocator.PeakAllocated - 1, allocator.PeakReserved);
        while (enough - tooLittle > live / Fineness)
        {
            var middle = (tooLittle + enough) / 2;
            Play(tape, allocator, work, work.Step.Layers, Fixed, middle);
            (tooLittle, enough) = allocator.Failures == 0 ? (tooLittle, middle) : (middle, enough);
        }
        return live > 0 ? (double)enough / live : 1;
    }

    /// <summary>What the allocator holds after loading and two steps of the declared size, all blocks played.</summary>
    public static long Reserved(Tape.Tape tape, CachingAllocator allocator, Workload work)
    {
        Play(tape, allocator, work, work.Step.Layers, Fixed);
        return allocator.PeakReserved;
    }

    private static long OfBlocks(Tape.Tape tape, CachingAllocator allocator, Workload work, int layers)
    {
        Play(tape, allocator, work, layers, work.LengthsVary ? Varying : Fixed);
        return allocator.PeakReserved - allocator.PeakAllocated;
    }

    private static void Play(Tape.Tape tape, CachingAllocator allocator, Workload work, int layers, double[] lengths, long? capacity = null)
    {
        Span<TensorSize> ofModel = stackalloc TensorSize[TensorSizes.Most], ofTrained = stackalloc TensorSize[TensorSizes.Most];
        allocator.Clear(new(capacity));
        tape.Clear(allocator);
        tape.GradientShare = StepPlan.GradientShare(work);
        var replay = new Replay(
            tape, work, Math.Min(layers, work.Step.Layers), ofModel[..TensorSizes.Model(work.Step, ofModel)], ofTrained[..TensorSizes.Trained(work.Step, ofTrained)]);
        replay.Load();
        if (work.Method is not MethodKind.Load)
        {
            replay.Steps(lengths);
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

    private void Steps(double[] lengths)
    {
        var first = true;
        foreach (var share in lengths)
        {
            StepPlayer.Play(tape, share < 1 ? work.Step.Shorter(share) : work.Step, layers);
            if (work.Method is MethodKind.Inference)
            {
                continue;
            }
            if (!work.OptimizerOffloaded)
            {
                Optimize(first);
            }
            tape.DropGradients();
            first = false;
        }
        if (work.Job.EvalBatch is not null && work.Step.Backward)
        {
            tape.Allocate(work.LogitsKept, Part.Logits, Tape.Place.Kept);
            StepPlayer.Play(tape, work.Evaluation, layers);
        }
    }

    private void Optimize(bool first)
    {
        if (first)
        {
            Place(trained, Purpose.Moments);
        }
        var mark = tape.Storages;
        Place(trained, Purpose.Stepping);
        for (var storage = mark; storage < tape.Storages; storage++)
        {
            tape.Release(storage);
        }
    }

    /// <summary>What is outside of the blocks, then block by block, as PyTorch lists a model's parameters.</summary>
    private void Place(ReadOnlySpan<TensorSize> tensors, Purpose purpose, double scale = 1)
    {
        foreach (var tensor in tensors)
        {
            for (var i = tensor.InEachBlock > 0 ? tensor.Count : 0; i < tensor.Count; i++)
            {
                Place(tensor, purpose, scale);
            }
        }
        for (var layer = 0; layer < layers; layer++)
        {
            foreach (var tensor in tensors)
            {
                var each = Math.Min(tensor.InEachBlock, MostExperts);
                for (var i = 0; i < each; i++)
                {
                    Place(tensor with { Elements = tensor.Elements * tensor.InEachBlock / each }, purpose, scale);
                }
            }
        }
    }

    private void Place(in TensorSize tensor, Purpose purpose, double scale)
    {
        switch (purpose)
        {
            case Purpose.Weight:
                tape.Allocate((long)(Stored(tensor) * scale), Part.Weights);
                break;
            case Purpose.Adapter:
                tape.Allocate(tensor.Elements * work.Step.Block.LoraWidth / work.Layout.WeightShards, Part.Weights);
                break;
            case Purpose.Master:
                tape.Allocate(Share(4 * tensor.Elements), Part.MasterWeights);
                break;
            case Purpose.Moments:
                var kept = Share(OptimizerStates.Kept(work.Optimizer, tensor.Elements, work.StateWidth));
                tape.Allocate(kept / 2, Part.OptimizerStates);
                tape.Allocate(kept - kept / 2, Part.OptimizerStates);
                break;
            default:
                tape.Allocate(Share(OptimizerStates.WhileStepping(work.Optimizer, [tensor with { Count = 1 }], work.StateWidth, work.Masters)), Part.Temporaries);
                break;
        }
    }

    private long Share(long bytes) => bytes / StepPlan.Cuts(work);

    /// <summary>What sharding, offloading and experts make of the weights' own sizes.</summary>
    private double WeightScale()
    {
        var own = 0.0;
        foreach (var tensor in model)
        {
            own += Stored(tensor) * tensor.Count;
        }
        return (work.Weights.Total - work.Weights.Adapters) / own;
    }

    private double Stored(in TensorSize tensor) => tensor.Elements
        * (tensor.Packed ? QuantisedWeights.BytesPerWeight(work.Job.QuantFormat, work.Job.QuantBits) : work.Step.Block.WeightWidth);
}
