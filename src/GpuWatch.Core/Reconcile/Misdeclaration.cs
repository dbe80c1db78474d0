using System.Collections.Immutable;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Reconcile;

/// <summary>One declaration that, were it otherwise, would explain what is seen.</summary>
/// <param name="Words">"seq_len 1024 instead of 512".</param>
/// <param name="Played">What the job needs if it is so.</param>
public sealed record Misdeclaration(string Words, PlayedPlan Played)
{
    public Plan Plan => Played.Plan;

    /// <summary>The usual mistakes about what passes in a step, and about the optimizer.</summary>
    public static ImmutableArray<Misdeclaration> Of(Job job, Profile? profile = null) => Planned(OfSteps(job), profile);

    /// <summary>The usual mistakes that load more than was declared. What loaded less may only have begun to step early.</summary>
    public static ImmutableArray<Misdeclaration> OfWeights(Job job, Profile? profile = null) => Planned(OfLoads(job), profile);

    private static ImmutableArray<Misdeclaration> Planned(IEnumerable<(string Words, Job Job)> mistakes, Profile? profile) =>
        [.. from mistake in mistakes
            let plan = Estimator.Estimate(mistake.Job, profile).Plan
            where plan is not null
            select new Misdeclaration(mistake.Words, new PlayedPlan(mistake.Job, plan))];

    private static IEnumerable<(string Words, Job Job)> OfLoads(Job job)
    {
        if (Methods.IsQuantised(job))
        {
            yield return ("weights that are not quantised", job with { QuantBits = null, QuantFormat = null, Method = job.Method is "qlora" or "qdora" or "qoft" ? job.Method[1..] : job.Method });
        }
        if (job.WeightDtype is not "fp32")
        {
            yield return ($"weight_dtype fp32 instead of {job.WeightDtype ?? "16 bits"}", job with { WeightDtype = "fp32", Amp = true, MasterWeights = false });
            if (job.MasterWeights is not true)
            {
                yield return ("fp32 master weights beside those declared", job with { MasterWeights = true });
            }
        }
    }

    /// <summary>Each as the job it would make of the declared one.</summary>
    private static IEnumerable<(string Words, Job Job)> OfSteps(Job job)
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
        if (job.Method is "lora" && !Methods.IsQuantised(job))
        {
            yield return ("method full instead of lora", job with { Method = "full", LoraRank = null, LoraTargets = null, LoraDropout = null, LoraDtype = null });
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

    /// <summary>The one of <paramref name="mistakes"/> that loads what was loaded, or the least that loads as much as has come so far; null when none does.</summary>
    /// <param name="isLoading">More may come.</param>
    public static Misdeclaration? Loading(ImmutableArray<Misdeclaration> mistakes, Statics loaded, bool isLoading) =>
        mistakes.Where(mistake => loaded.IsExplainedBy(mistake.Plan, isLoading)).MinBy(mistake => Math.Abs((mistake.Plan.Phases.Load - loaded.Seen).Count));

    /// <summary>The one of <paramref name="mistakes"/> that comes nearest to what was seen, with the next where it comes as near; null when none explains it.</summary>
    public static Misdeclaration? Likeliest(PlayedPlan declared, ImmutableArray<Misdeclaration> mistakes, in Evidence seen)
    {
        (Misdeclaration Mistake, double Cost)? best = null, next = null;
        var worst = Math.Min(WorstCost, seen.Cost(declared) * BetterShare);
        foreach (var mistake in mistakes)
        {
            if (seen.Cost(mistake.Played) is var cost && cost >= worst)
            {
                continue;
            }
            (best, next) = best is not { } first || cost < first.Cost ? ((mistake, cost), best)
                : next is not { } second || cost < second.Cost ? (best, (mistake, cost))
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
