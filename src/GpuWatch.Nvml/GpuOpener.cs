using System.Globalization;
using GpuWatch.Core.Sample;

namespace GpuWatch.Nvml;

/// <summary>
/// Opens sessions with the driver, which can take its time or hang. What comes too late is not lost: it is handed out by the next call,
/// and until then no second attempt is started.
/// </summary>
/// <param name="open">Blocks for as long as the driver does, e.g. <see cref="NvmlGpuSource.Open"/>.</param>
public sealed class GpuOpener(Func<GpuOpening> open, TimeProvider time) : IDisposable
{
    /// <summary>How long opening may take before it is called a fault: without persistence mode the first contact initialises each GPU.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>… for who has nothing else to do than to wait for it.</summary>
    public static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(30);

    private Task<GpuOpening>? opening;
    private long began;

    /// <summary>A guarded source, or the fault that prevented it. One caller at a time.</summary>
    /// <param name="patience">From the beginning of the attempt, which may be that of an earlier call; null for <see cref="Patience"/>.</param>
    /// <param name="stop">Ends the waiting, not the attempt.</param>
    public GpuOpening Open(TimeSpan? patience = null, CancellationToken stop = default)
    {
        if (opening is null)
        {
            began = time.GetTimestamp();
            opening = Task.Factory.StartNew(open, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        var left = (patience ?? Patience) - time.GetElapsedTime(began);
        try
        {
            opening.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, stop).GetAwaiter().GetResult();
        }
        catch (Exception early) when (early is TimeoutException or OperationCanceledException)
        {
            // It may have come while we gave up.
            if (!opening.IsCompleted)
            {
                return new(null, Late(time.GetElapsedTime(began)));
            }
        }
        var opened = opening.GetAwaiter().GetResult();
        opening = null;
        return opened.Source is { } source ? opened with { Source = new GuardedGpus(source, time) } : opened;
    }

    /// <summary>A session that nobody asked for any more is closed as soon as it is there.</summary>
    public void Dispose() => opening?.ContinueWith(
        static late => late.Result.Source?.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);

    private static Fault Late(TimeSpan late) => new(FaultKind.DriverUnresponsive, string.Create(CultureInfo.InvariantCulture,
        $"NVML: the driver has been initialising for {late.TotalSeconds:0} s. Without persistence mode (nvidia-smi -pm 1) that takes some seconds a GPU; if it does not end, see the kernel log (dmesg, Xid) and whether nvidia-smi hangs too."));
}
