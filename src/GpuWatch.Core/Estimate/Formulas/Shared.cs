using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Formulas;

/// <summary>What dividing a job among GPUs leaves on one of them, and what it brings there from the others.</summary>
internal static class Shared
{
    /// <summary>Bytes of a second copy of the gradients, from the wrapping of the model on.</summary>
    /// <param name="parts">Tensor and pipeline parallelism cut what is trained into so many.</param>
    [Formula("PyTorch, reducer.cpp, initialize_buckets: with gradient_as_bucket_view=False, the default, buckets are gradients of their own")]
    public static long DdpBuckets(long trained, int width, int parts) => trained * width / parts;

    /// <summary>Bytes of gathered blocks: the one that runs, and the next one ahead of it.</summary>
    /// <param name="block">Bytes of the largest block in the dtype it is gathered in.</param>
    [Formula("PyTorch FSDP, _runtime_utils.py: forward and backward prefetch keep two units")]
    public static double GatheredBlocks(double block) => 2 * block;

    /// <summary>Bytes of embedding, head and what else is outside of the blocks, one unit from forward to the end of backward.</summary>
    /// <param name="parts">Tensor and pipeline parallelism cut it into so many.</param>
    [Formula("PyTorch FSDP: what no block wraps is the root unit, 2 · 2 · V · h bytes in 16 bits with a head of its own")]
    public static double GatheredRoot(long parameters, int width, int parts) => parameters / parts * width;

    /// <summary>Bytes of whole gradients that wait to be reduced.</summary>
    /// <param name="parameters">Of one block; of a pipeline's stage, whose micro-batches add theirs up before one reduction.</param>
    /// <param name="reducedIn32">They are reduced in fp32, as FSDP's mixed precision of torchtitan does.</param>
    [Formula("PyTorch FSDP2, set_requires_gradient_sync; torchtitan: reduce_dtype fp32, 4 bytes a parameter of one unit")]
    public static double WaitingGradients(double parameters, int width, bool reducedIn32) => parameters * (reducedIn32 ? 4 : width);

    /// <summary>Micro-batches that have run forward and wait for their backward, this one included.</summary>
    [Formula("Narayanan et al. 2021 (arXiv 2104.04473), section 2.2: 1F1B has at most as many in flight as there are stages")]
    public static int InFlight(int microBatches, int stages) => Math.Min(microBatches, stages);

    /// <summary>Tokens whose activations lie on one GPU.</summary>
    [Formula("Korthikanti et al. 2022 (arXiv 2205.05198), section 4.2.2: sequence parallelism divides what tensor parallelism leaves whole")]
    public static long Tokens(long tokens, int tensor) => Math.Max(1, tokens / tensor);

    /// <summary>Bytes of fp32 copies of 16-bit weights.</summary>
    /// <param name="ranks">Over which the optimizer's states are divided.</param>
    [Formula("Rajbhandari et al. 2020 (ZeRO, arXiv 1910.02054), section 3.1: 4 of the 12 bytes of optimizer states")]
    public static long Masters(long trained, int ranks, int parts) => 4 * trained / ranks / parts;
}
