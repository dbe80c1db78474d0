using GpuWatch.Core.Estimate.Formulas;
using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate;

/// <summary>Allocated peaks of the phases of a job, each with what it is made of.</summary>
/// <param name="Evaluation">Empty where nothing is trained.</param>
/// <param name="Saved">What a forward pass leaves for backward.</param>
internal readonly record struct StepPlan(Ledger Load, Ledger Forward, Ledger Backward, Ledger Optimizer, Ledger Steady, Ledger Evaluation, long Saved)
{
    public Ledger this[Phase phase] => phase switch
    {
        Phase.Load => Load,
        Phase.FirstForward => Forward,
        Phase.FirstBackward => Backward,
        Phase.FirstOptimizer => Optimizer,
        Phase.Evaluation => Evaluation,
        _ => Steady,
    };

    public static StepPlan Of(Tape.Tape tape, Workload work)
    {
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        tensors = tensors[..TensorSizes.Trained(work.Step, tensors)];
        var (states, stepping, _) = work.Step.Backward ? Optimizing(work, tensors) : default;
        var evaluation = work.Step.Backward ? Evaluating(tape, work, states) : default;
        tape.Clear();
        tape.GradientShare = GradientShare(work);
        CountHeld(tape, work);
        var load = tape.Live;
        if (work.Method is MethodKind.Load)
        {
            return new(load, load, load, load, load, default, 0);
        }
        tape.Count(Part.Communication, Place.Buckets, work.Buckets);
        tape.Count(Part.Temporaries, Place.Workspaces, work.Workspace);
        var (forward, backward, saved) = Pass(tape, work);
        if (work.Method is MethodKind.Inference)
        {
            return new(load, forward, forward, forward, forward, default, 0);
        }
        // Backward runs on a thread of its own.
        backward.Count(Part.Temporaries, Place.Workspaces, work.Workspace);
        tape.BeginPhase();
        tape.Count(Part.Temporaries, Place.Workspaces, work.Workspace);
        tape.Count(Part.OptimizerStates, Place.Moments, states);
        tape.Touch(stepping, Part.Temporaries, Place.Stepping);
        var optimizer = tape.EndPhase();
        return new(load, forward, backward, optimizer, Later(tape, work, forward, backward, optimizer, states), evaluation, saved);
    }

    private static void CountHeld(Tape.Tape tape, Workload work)
    {
        var weights = work.Weights;
        tape.Count(Part.Weights, Place.Packed, weights.Packed);
        tape.Count(Part.Weights, Place.Plain, weights.Plain);
        tape.Count(Part.Weights, Place.Cast, weights.Cast);
        tape.Count(Part.Weights, Place.Adapters, weights.Adapters);
        tape.Count(Part.MasterWeights, Place.Masters, work.Masters && !work.OptimizerOffloaded ? Shared.Masters(work.TrainedParameters, work.Layout.StateShards, work.Layout.Parts) : 0);
    }

    /// <summary>A forward pass between two steps: states are there, gradients are not, and nothing is saved for backward.</summary>
    private static Ledger Evaluating(Tape.Tape tape, Workload work, long states)
    {
        tape.Clear();
        CountHeld(tape, work);
        tape.Count(Part.OptimizerStates, Place.Moments, states);
        tape.Count(Part.Communication, Place.Buckets, work.Buckets);
        tape.Count(Part.Temporaries, Place.Workspaces, work.Workspace, 2 * work.Workspace);
        tape.Count(Part.Logits, Place.Kept, work.LogitsKept / Math.Max(1, (work.Job.EvalKept ?? 0) - 1), work.LogitsKept);
        var (forward, _, _) = StepPlayer.Play(tape, work.Evaluation, work.Evaluation.Layers);
        Gather(ref forward, work);
        return forward;
    }

    /// <summary>A peak at which fewer activations live than are offloaded has none of them.</summary>
    private static void Offload(ref Ledger ledger, Workload work)
    {
        if (work.CheckpointsOffloaded > 0 && ledger[Part.Activations] >= work.CheckpointsOffloaded)
        {
            ledger.Count(Part.Activations, Place.Offloaded, -work.CheckpointsOffloaded);
        }
    }

    private static void Gather(ref Ledger ledger, Workload work)
    {
        ledger.Count(Part.Communication, Place.Root, work.Gathered.Root);
        ledger.Count(Part.Communication, Place.Gathered, work.Gathered.Blocks);
    }

    /// <summary>Forward and backward of a micro-batch.</summary>
    private static StepPlayer.Played Pass(Tape.Tape tape, Workload work)
    {
        var (forward, backward, saved) = StepPlayer.Play(tape, work.Step, work.Step.Layers);
        Offload(ref forward, work);
        Offload(ref backward, work);
        Gather(ref forward, work);
        Gather(ref backward, work);
        backward.Count(Part.Communication, Place.Waiting, work.Gathered.Gradients);
        return new(forward, backward, saved);
    }

    /// <summary>Bytes of states in managed memory: on the GPU as long as there is room, and nobody's that PyTorch counts.</summary>
    public static long Paged(Workload work)
    {
        if (!work.Step.Backward || !work.Optimizer.StartsWith("paged_", StringComparison.Ordinal))
        {
            return 0;
        }
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        return Optimizing(work, tensors[..TensorSizes.Trained(work.Step, tensors)]).Paged;
    }

    /// <summary>Bytes of the states that stay, of what lives while the optimizer steps, and of states in managed memory, on this GPU.</summary>
    private static (long States, long Stepping, long Paged) Optimizing(Workload work, ReadOnlySpan<TensorSize> tensors)
    {
        if (work.OptimizerOffloaded)
        {
            return (0, 0, 0);
        }
        if ((tensors.Length == 0 && work.TrainedParameters > 0) || Methods.TrainsFewNumbers(work.Job.Method))
        {
            tensors = new TensorSize[] { TensorSize.Outside(work.TrainedParameters / work.Layout.Sharding.Pipeline, 1) };
        }
        var kept = OptimizerStates.Kept(work.Optimizer, tensors, work.StateWidth);
        var stepping = OptimizerStates.WhileStepping(work.Optimizer, tensors, work.StateWidth, work.Masters);
        if (work.Method is MethodKind.Projected || OptimizerStates.Projects(work.Optimizer))
        {
            (kept, stepping) = (kept / OptimizerStates.RankShare + OptimizerStates.Projectors(work.Job.Method, work.Optimizer, TensorSizes.Sum(tensors)), 0);
        }
        var paged = OptimizerStates.Kept(work.Optimizer, tensors, work.StateWidth, paged: true) - OptimizerStates.Kept(work.Optimizer, tensors, work.StateWidth);
        return (kept / Cuts(work), stepping / Cuts(work), paged / Cuts(work));
    }

    /// <summary>The tensors are those of this stage's layers; what remains to be divided is each of them.</summary>
    internal static int Cuts(Workload work) => work.Layout.StateShards * (work.Method is MethodKind.Adapter ? 1 : work.Layout.Sharding.Tensor);

    internal static double GradientShare(Workload work) =>
        OptimizerStates.StepsInBackward(work.Optimizer) || work.Method is MethodKind.Projected || work.ParametersOffloaded
            ? 0
            : (double)work.GradientWidth / work.Step.Block.WeightWidth / work.Layout.GradientShards / work.Layout.Parts * work.Layout.Sharding.Pipeline
                is var share && work.Method is MethodKind.Adapter ? 1.0 / work.Layout.GradientShards : share;

    /// <summary>
    /// A later step is the first one with the optimizer's states in place; where gradients are accumulated, its second micro-batch runs with those of
    /// the first in place too.
    /// </summary>
    private static Ledger Later(Tape.Tape tape, Workload work, in Ledger forward, in Ledger backward, in Ledger stepping, long states)
    {
        var next = forward;
        next.Count(Part.Temporaries, Place.Workspaces, work.Workspace);
        var highest = next.Total >= backward.Total ? next : backward;
        highest.Count(Part.OptimizerStates, Place.Moments, states);
        if (work.Accumulates)
        {
            tape.Accumulating = true;
            var (again, back, _) = Pass(tape, work);
            var higher = again.Total >= back.Total ? again : back;
            highest = higher.Total >= highest.Total ? higher : highest;
        }
        return highest.Total >= stepping.Total ? highest : stepping;
    }
}
