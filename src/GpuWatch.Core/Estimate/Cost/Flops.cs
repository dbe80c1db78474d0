using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Cost;

/// <summary>Operations of training, by counting multiplications and additions.</summary>
public static class Flops
{
    /// <summary>Operations for one token through forward and backward; null when the model is not known well enough.</summary>
    /// <remarks>
    /// Kaplan et al. 2020 (arXiv 2001.08361), section 2.1: 2 a parameter forward, 4 backward; half of the latter are for weight gradients, which
    /// frozen weights do not have; checkpointing computes forward twice. Attention as Chowdhery et al. 2022 (arXiv 2204.02311), appendix B:
    /// 12 · layers · heads · head size · length forward and backward. Of a mixture only the experts a token passes through count.
    /// </remarks>
    [Formula("Kaplan et al. 2020 (arXiv 2001.08361), section 2.1; Chowdhery et al. 2022 (arXiv 2204.02311), appendix B")]
    public static double? PerToken(Job job)
    {
        var shape = ModelShape.Complete(job).Job?.Architecture ?? job.Architecture;
        if (ActiveParameters(shape) is not { } parameters)
        {
            return null;
        }
        var forward = 2.0;
        var backward = job.Method switch
        {
            "inference" or "load" => 0.0,
            _ when Methods.Of(job.Method) is MethodKind.Full or MethodKind.Projected => 4,
            _ => 2,
        };
        var recomputed = backward > 0 && job.Checkpointing == "full" ? 2.0 : 0;
        var passes = (forward + backward + recomputed) / 6;
        var attention = shape is { Layers: { } layers, Hidden: { } hidden } ? 12.0 * layers * Heads(shape, hidden) * Length(job) : 0;
        return 6 * parameters * passes + attention * passes;
    }

    /// <summary>Operations of one step of a GPU, all its micro-batches.</summary>
    public static double? PerStep(Job job) => PerToken(job) * Length(job) * (job.MicroBatch ?? 1) * (job.GradAccum ?? 1);

    /// <summary>As said, or as the plan assumes.</summary>
    public static int Length(Job job) => job.SeqLen ?? Methods.UsualLength(job.Method);

    /// <summary>Width of all heads together: heads · head size, which need not be the hidden width (Qwen3-0.6B: 16 · 128 of 1024).</summary>
    private static double Heads(Architecture shape, int hidden) =>
        shape is { Heads: { } heads, Latent: { } latent } ? heads * (latent.NopeDim + latent.RopeDim + latent.ValueDim) / 2.0
        : shape is { Heads: { } all, HeadDim: { } size } ? (double)all * size
        : hidden;

    /// <summary>Parameters a token meets in matrices: without the embedding table, which is only looked up, and without idle experts.</summary>
    public static double? ActiveParameters(Architecture shape)
    {
        var active = shape is { Experts: { } experts, ExpertsPerToken: { } used } && used < experts ? shape with { Experts = used } : shape;
        return ParameterCount.Of(active) is { } count
            ? count.Blocks + (count.Head > 0 ? count.Head : count.Embedding)
            : shape.ParametersBillion * 1e9;
    }
}
