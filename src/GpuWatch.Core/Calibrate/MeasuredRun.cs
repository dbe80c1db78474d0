using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Calibrate;

/// <summary>A run whose peak was measured: what a profile is fitted on.</summary>
/// <param name="Source">Who measured it; runs of one source err alike and are left out together.</param>
public sealed record MeasuredRun(string Source, string? Gpu, Quantity Quantity, Bytes Peak)
{
    internal Features Features { get; private init; }

    /// <summary>Version of the GPU's driver; null = nobody told.</summary>
    public string? Driver { get; init; }

    /// <summary>What trained, as it was told or as its command line names it; null = nobody told.</summary>
    public string? Framework { get; init; }

    /// <summary>Runs of one kind tell of each other.</summary>
    public JobKind Kind => Features.Kind;

    /// <summary>The job runs on several GPUs.</summary>
    public bool Several => Features.Several;

    /// <returns>Null with the reason when the job cannot be estimated.</returns>
    public static (MeasuredRun? Run, string? Error) Of(Job job, string source, Quantity quantity, Bytes peak)
    {
        var (features, error) = Estimator.Features(job);
        return features is { } known ? (new(source, job.GpuName, quantity, peak) { Features = known }, null) : (null, error);
    }

    /// <summary>ln(estimate ÷ truth): negative is too low.</summary>
    public double Error(Profile profile) => Math.Log(Overheads.Of(Features, profile.For(Kind)).Of(Quantity) / Peak.Count);

    internal bool Feels(Knob knob) => Features.Feels(knob) && knob switch
    {
        Knob.Cache or Knob.Caches or Knob.CacheVarying or Knob.CacheSharded => Quantity is not Quantity.Allocated,
        Knob.Context or Knob.Collectives => Quantity is Quantity.Device,
        _ => true,
    };
}
