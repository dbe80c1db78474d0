using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>From a job to its plan: pure, no clock, no I/O.</summary>
public static class Estimator
{
    /// <returns>The plan, or null with the reason when the job does not say enough to estimate anything.</returns>
    public static (Plan? Plan, string? Error) Estimate(Job job) => (null, "the estimator is not built yet");
}
