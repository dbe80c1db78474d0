using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate;

/// <summary>Allocated peaks of the phases of a job, each with what it is made of.</summary>
internal readonly record struct StepPlan(Ledger Load, Ledger Forward, Ledger Backward, Ledger Optimizer, Ledger Steady, long Saved)
{
    /// <param name="weights">Bytes of the loaded weights.</param>
    /// <param name="masters">The optimizer holds fp32 copies of 16-bit weights.</param>
    public static StepPlan Of(Tape.Tape tape, Step step, long weights, string optimizer, bool masters)
    {
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        tensors = tensors[..TensorSizes.Of(step, tensors)];
        var trained = 0L;
        foreach (var (elements, count) in tensors)
        {
            trained += elements * count;
        }
        tape.Clear();
        tape.Count(Part.Weights, weights);
        tape.Count(Part.MasterWeights, masters ? 4 * trained : 0);
        var load = tape.Live;
        var (forward, backward, saved) = StepPlayer.Play(tape, step);
        var width = step.Block.Rank > 0 ? step.Block.LoraWidth : masters ? 4 : step.Block.WeightWidth;
        var states = OptimizerStates.Kept(optimizer, tensors, width);
        tape.BeginPhase();
        tape.Count(Part.OptimizerStates, states);
        tape.Touch(OptimizerStates.WhileStepping(optimizer, tensors, width, masters));
        var stepping = tape.EndPhase();
        return new(load, forward, backward, stepping, Later(forward, backward, stepping, states), saved);
    }

    /// <summary>A later step is the first one with the optimizer's states in place.</summary>
    private static Ledger Later(Ledger forward, Ledger backward, Ledger stepping, long states)
    {
        var highest = forward.Total >= backward.Total ? forward : backward;
        highest.Add(Ledger.Of(Part.OptimizerStates, states));
        return highest.Total >= stepping.Total ? highest : stepping;
    }
}
