using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>From a job to its plan: pure, no clock, no I/O.</summary>
public static class Estimator
{
    [ThreadStatic]
    private static Tape.Tape? scratch;

    /// <returns>The plan, or null with the reason when the job does not say enough to estimate anything.</returns>
    public static (Plan? Plan, string? Error) Estimate(Job job)
    {
        var (resolved, error) = Resolver.Resolve(job);
        if (resolved is null)
        {
            return (null, error);
        }
        var tape = scratch ??= new();
        var plan = StepPlan.Of(tape, resolved);
        return (Plans.Of(plan, resolved), null);
    }
}
