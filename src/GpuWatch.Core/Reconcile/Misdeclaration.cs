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

    /// <summary>The mistake whose plan comes nearest to what was seen, with the next one where it comes as near; null when none explains it.</summary>
    public static Misdeclaration? Likeliest(Job job, in Evidence seen, Profile? profile = null)
    {
        (Misdeclaration Mistake, double Cost)? best = null, next = null;
        var worst = Estimator.Estimate(job, profile).Plan is { } declared ? Math.Min(WorstCost, seen.Cost(declared) * BetterShare) : WorstCost;
        foreach (var (words, otherwise) in Usual(job))
        {
            if (Estimator.Estimate(otherwise, profile).Plan is not { } plan || seen.Cost(plan) is var cost && cost >= worst)
            {
                continue;
            }
            (best, next) = best is not { } first || cost < first.Cost ? ((new Misdeclaration(words, plan), cost), best)
                : next is not { } second || cost < second.Cost ? (best, (new Misdeclaration(words, plan), cost))
                : (best, next);
        }
        return next is { } rival && rival.Cost - best!.Value.Cost < Indistinct
            ? best.Value.Mistake with { Words = $"{best.Value.Mistake.Words}, or {rival.Mistake.Words}" }
            : best?.Mistake;
    }

    /// <summary>A mistake must explain this much better than the declaration itself.</summary>
    private const double BetterShare = 0.5;
    /// <summary>ln of the largest ratio that still counts as an explanation.</summary>
    private const double WorstCost = 0.3;
    /// <summary>… and of the ratio below which one is no better than another.</summary>
    private const double Indistinct = 0.02;
}
