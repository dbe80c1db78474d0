using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Reconcile;

/// <summary>One declaration that, were it otherwise, would explain what is seen.</summary>
/// <param name="Words">"seq_len 1024 instead of 512".</param>
/// <param name="Plan">What the job needs if it is so.</param>
public sealed record Misdeclaration(string Words, Plan Plan)
{
    /// <summary>The usual mistakes, each as the job it would make of the declared one.</summary>
    public static IEnumerable<(string Words, Job Job)> Usual(Job job)
    {
        foreach (var factor in (int[])[2, 4])
        {
            if (job.SeqLen is { } length)
            {
                yield return ($"seq_len {length * factor} instead of {length}", job with { SeqLen = length * factor });
            }
            if (job.MicroBatch is { } batch)
            {
                yield return ($"micro_batch {batch * factor} instead of {batch}", job with { MicroBatch = batch * factor });
            }
        }
        if (job.Checkpointing is "full" or "selective")
        {
            yield return ($"grad_checkpointing none instead of {job.Checkpointing}", job with { GradCheckpointing = "none" });
        }
        if (job.Attention is "flash" or "sdpa")
        {
            yield return ($"attention eager instead of {job.Attention}", job with { Attention = "eager" });
        }
        if (job.FusedCe is true || job.CrossEntropy is "fused")
        {
            yield return ("a loss that is not fused", job with { FusedCe = false, CrossEntropy = "hf2025" });
        }
        if (job.Optimizer is { } optimizer && optimizer.Contains("8bit", StringComparison.Ordinal))
        {
            yield return ($"optimizer states in 32 bits instead of {optimizer}", job with { Optimizer = "adamw_torch" });
        }
    }

    /// <summary>The mistake whose plan comes nearest to <paramref name="liveBytes"/>; null when none explains it.</summary>
    public static Misdeclaration? Likeliest(Job job, double liveBytes, Profile? profile = null)
    {
        Misdeclaration? best = null;
        var least = WorstRatio;
        foreach (var (words, otherwise) in Usual(job))
        {
            if (Estimator.Estimate(otherwise, profile).Plan is { } plan
                && Math.Abs(Math.Log(plan.PeakAllocated.Likely.Count / liveBytes)) is var off && off < least)
            {
                (best, least) = (new Misdeclaration(words, plan), off);
            }
        }
        return best;
    }

    /// <summary>ln of the largest ratio that still counts as an explanation.</summary>
    private const double WorstRatio = 0.3;
}
