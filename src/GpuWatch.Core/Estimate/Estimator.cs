using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Explain;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>From a job to its plan: pure, no clock, no I/O.</summary>
public static class Estimator
{
    /// <param name="profile">Coefficients fitted on measured runs; null = the shipped ones.</param>
    /// <returns>The plan, or null with the reason when the job does not say enough to estimate anything.</returns>
    public static (Plan? Plan, string? Error) Estimate(Job job, Profile? profile = null)
    {
        var (work, error) = Resolver.Resolve(job);
        if (work is null)
        {
            return (null, error);
        }
        var played = Play(work);
        return (Plans.Of(played, work, (profile ?? Profile.Default).For(played.Kind)), null);
    }

    /// <summary>
    /// Least room in which the job's first steps find a place for every tensor, over their live peak: 1 or more, what the allocator wastes at its
    /// tightest (docs/decisions/0025). Some ten milliseconds of work: for a job that is watched, not for tables.
    /// </summary>
    /// <returns>1 when the job does not say enough to estimate anything.</returns>
    public static double Tightness(Job job) =>
        Resolver.Resolve(job).Work is { } work ? Replay.Tightness(Scratch.OfThread, work) : 1;

    /// <summary>
    /// What PyTorch's allocator reserves for the first steps of the declared size, with room enough: recorded ones within 4 % in 19 of 20 (docs/decisions/0012).
    /// Milliseconds of work: for a job that is watched, not for tables.
    /// </summary>
    /// <returns>Null when the job does not say enough to estimate anything.</returns>
    public static Bytes? Reserved(Job job) =>
        Resolver.Resolve(job).Work is { } work ? new Bytes(Replay.Reserved(Scratch.OfThread, work)) : null;

    /// <summary>The terms of the plan that <see cref="Estimate"/> makes of the same job: for each component what sums to it, at the plan's peak.</summary>
    /// <returns>Empty when the job does not say enough to estimate anything.</returns>
    public static ImmutableArray<Term> Explain(Job job, Profile? profile = null)
    {
        var (work, _) = Resolver.Resolve(job);
        if (work is null)
        {
            return [];
        }
        var played = Play(work, new Tape.Tape { Itemises = true });
        var turned = (profile ?? Profile.Default).For(played.Kind);
        return Explanation.Of(Plans.Of(played, work, turned), played, work, turned);
    }

    /// <summary>What a profile's knobs turn, for fitting them.</summary>
    internal static (Features? Features, string? Error) Features(Job job)
    {
        var (work, error) = Resolver.Resolve(job);
        return work is null ? (null, error) : (Play(work), null);
    }

    private static Features Play(Workload work) => Play(work, Scratch.OfThread.Tape);

    private static Features Play(Workload work, Tape.Tape tape)
    {
        var played = StepPlan.Of(tape, work);
        return Core.Estimate.Features.Of(played, Replay.Cached(Scratch.OfThread, work, tape.Storages), work);
    }
}
