using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>Bytes of the weights on one GPU.</summary>
/// <param name="Packed">Quantised, scales included.</param>
/// <param name="Plain">The base's others.</param>
/// <param name="Cast">Autocast's 16-bit copies, where they stay.</param>
internal readonly record struct HeldWeights(long Packed, long Plain, long Cast, long Adapters)
{
    public long Total => Packed + Plain + Cast + Adapters;
}

/// <summary>Bytes from other GPUs, or waiting to be sent to them.</summary>
/// <param name="Root">Embedding, head and norms.</param>
/// <param name="Blocks">Those that are whole at a time.</param>
/// <param name="Gradients">Whole ones that wait to be reduced while backward runs.</param>
internal readonly record struct Gathered(long Root, long Blocks, long Gradients);

/// <summary>A job with everything decided: what it says, and what had to be assumed.</summary>
/// <param name="Method">What the method does to memory.</param>
/// <param name="Weights">Those on this GPU.</param>
/// <param name="TrainedParameters">Parameters with a gradient, of the whole model.</param>
/// <param name="StateWidth">Bytes of a number of the parameters the optimizer sees.</param>
/// <param name="Masters">It holds fp32 copies of 16-bit weights.</param>
/// <param name="GradientWidth">Bytes of a stored gradient.</param>
/// <param name="CheckpointsOffloaded">Bytes of blocks' inputs that wait for backward in host memory.</param>
/// <param name="Evaluation">A forward pass of evaluation.</param>
/// <param name="EvaluationLogits">Bytes of the logits of one of its batches, in the compute dtype: what keeping a batch's result takes.</param>
/// <param name="LogitsKept">Bytes of the logits of earlier evaluation batches that stay.</param>
/// <param name="Workspace">Bytes of a cuBLAS workspace (<see cref="Cublas"/>).</param>
/// <param name="Buckets">DDP's second copy of the gradients, there from the wrapping of the model on (PyTorch, reducer.cpp, initialize_buckets).</param>
internal sealed record Workload(
    Job Job,
    Step Step,
    Layout Layout,
    MethodKind Method,
    ParameterCount Parameters,
    HeldWeights Weights,
    long TrainedParameters,
    string Optimizer,
    int StateWidth,
    bool Masters,
    int GradientWidth,
    long Buckets,
    Gathered Gathered,
    bool OptimizerOffloaded,
    bool ParametersOffloaded,
    long CheckpointsOffloaded,
    bool Accumulates,
    Step Evaluation,
    long EvaluationLogits,
    long LogitsKept,
    long Workspace,
    ImmutableArray<string> Assumed,
    ImmutableArray<string> Warnings)
{
    /// <summary>The job is told to evaluate between its steps.</summary>
    public bool Evaluates => Step.Backward && (Job.EvalBatch ?? Job.EvalKept) is not null;

    /// <summary>
    /// Steps differ in length: sequences are not packed, and blocks are checkpointed, so that logits are what varies. A job told down to its loss
    /// tells its shapes too.
    /// </summary>
    public bool LengthsVary => Job.Packing == false && Job.CrossEntropy is (null or "hf_trainer") && Step.Block.Checkpointed;
}
