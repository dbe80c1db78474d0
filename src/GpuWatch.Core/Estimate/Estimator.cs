using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>From a job to its plan: pure, no clock, no I/O.</summary>
public static class Estimator
{
    [ThreadStatic]
    private static Tape.Tape? scratch;

    [ThreadStatic]
    private static Allocator.CachingAllocator? allocator;

    /// <param name="profile">Coefficients fitted on measured runs; null = the shipped ones.</param>
    /// <returns>The plan, or null with the reason when the job does not say enough to estimate anything.</returns>
    public static (Plan? Plan, string? Error) Estimate(Job job, Profile? profile = null)
    {
        var (work, error) = Resolver.Resolve(job);
        return work is null ? (null, error) : (Plans.Of(Play(work), work, profile ?? Profile.Default), null);
    }

    /// <summary>What a profile's knobs turn, for fitting them.</summary>
    internal static (Features? Features, string? Error) Features(Job job)
    {
        var (work, error) = Resolver.Resolve(job);
        return work is null ? (null, error) : (Play(work), null);
    }

    private static Features Play(Workload work)
    {
        scratch ??= new();
        allocator ??= new();
        var played = StepPlan.Of(scratch, work);
        return Core.Estimate.Features.Of(played, Replay.Cached(scratch, allocator, work, scratch.Storages), work);
    }
}
