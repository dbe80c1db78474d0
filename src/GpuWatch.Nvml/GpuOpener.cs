namespace GpuWatch.Nvml;

/// <summary>Opens sessions with the driver, which can hang as well: then no second attempt is started before the first is back.</summary>
/// <param name="open">Blocks for as long as the driver does, e.g. <see cref="NvmlGpuSource.Open"/>.</param>
public sealed class GpuOpener(Func<GpuOpening> open, TimeProvider time) : IDisposable
{
    /// <summary>How long opening may take: without persistence mode the first contact initialises each GPU.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly PatientWorker<Func<GpuOpening>, GpuOpening> worker = new("gpu open", static open => open(), time);

    /// <summary>A guarded source, or the fault that prevented it.</summary>
    public GpuOpening Open()
    {
        if (!worker.TryRun(open, Patience, out var opening))
        {
            return new(null, GuardedGpus.Late("NVML", worker.Out));
        }
        return opening.Source is { } source ? opening with { Source = new GuardedGpus(source, time) } : opening;
    }

    public void Dispose() => worker.Dispose();
}
