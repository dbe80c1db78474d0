using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;

namespace GpuWatch.Core.Alert;

/// <summary>
/// The fold over one GPU's frames: observe, reconcile, forecast and alert for each process on it, and for the device.
/// It has no clock: the same frames give the same events, live or replayed. Not thread-safe; one per GPU.
/// </summary>
/// <param name="gpu">Index of the GPU.</param>
/// <param name="jobOf">The job a process was declared to be; null when nothing is known of it. Asked once, when the process appears.</param>
public sealed class DeviceWatch(int gpu, Func<ProcessReading, Job?> jobOf)
{
    private readonly SortedSet<int> seen = [];

    /// <summary>Takes the next frame and appends what it caused to <paramref name="events"/>.</summary>
    public void Observe(GpuFrame frame, List<WatchEvent> events)
    {
        foreach (var process in frame.Processes)
        {
            if (seen.Add(process.Pid ?? -1))
            {
                _ = jobOf(process);
                events.Add(new PhaseChanged(frame.TimeSeconds, gpu, process.Pid, JobPhase.Loading));
            }
        }
    }

    /// <summary>The GPU gave no data at this time.</summary>
    public void Observe(double timeSeconds, Fault fault, List<WatchEvent> events)
    {
    }

    /// <summary>The recording or the agent ends: open processes are closed with their reconciliation.</summary>
    public void Finish(double timeSeconds, List<WatchEvent> events)
    {
    }
}
