using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>A job with everything decided: what it says, and what had to be assumed.</summary>
/// <param name="Method">What the method does to memory.</param>
/// <param name="WeightBytes">Bytes of the weights on this GPU.</param>
/// <param name="TrainedParameters">Parameters with a gradient, of the whole model.</param>
/// <param name="StateWidth">Bytes of a number of the parameters the optimizer sees.</param>
/// <param name="Masters">It holds fp32 copies of 16-bit weights.</param>
/// <param name="GradientWidth">Bytes of a stored gradient.</param>
/// <param name="Buckets">DDP's second copy of the gradients, there from the wrapping of the model on (PyTorch, reducer.cpp, initialize_buckets).</param>
/// <param name="GatheredForward">Bytes gathered from other GPUs, or waiting to be sent to them, while forward runs.</param>
internal sealed record Workload(
    Job Job,
    Step Step,
    Layout Layout,
    MethodKind Method,
    ParameterCount Parameters,
    long WeightBytes,
    long TrainedParameters,
    string Optimizer,
    int StateWidth,
    bool Masters,
    int GradientWidth,
    long Buckets,
    long GatheredForward,
    long GatheredBackward,
    bool OptimizerOffloaded,
    bool ParametersOffloaded,
    bool Accumulates,
    ImmutableArray<string> Assumed,
    ImmutableArray<string> Warnings)
{
    /// <summary>
    /// Steps differ in length: sequences are not packed, and blocks are checkpointed, so that logits are what varies. A job told down to its loss
    /// tells its shapes too.
    /// </summary>
    public bool LengthsVary => Job.Packing == false && Job.CrossEntropy is (null or "hf_trainer") && Step.Block.Checkpointed;
}
