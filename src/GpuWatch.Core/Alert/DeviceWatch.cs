using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;

namespace GpuWatch.Core.Alert;

/// <summary>
/// The fold over one GPU's frames: observe, reconcile, forecast and alert for each process on it, and for the device.
/// It has no clock: the same frames give the same events, live or replayed. Not thread-safe; one per GPU.
/// </summary>
/// <param name="gpu">Index of the GPU.</param>
/// <param name="jobOf">The job a process was declared to be; null when nothing is known of it. Asked once, when the process appears.</param>
/// <param name="options">Weights and rhythms; null for the defaults.</param>
/// <param name="nameOf">What a process is called, for sentences about it; null when nobody can say.</param>
/// <param name="tradeOf">What a process is there for, of which no job is known; null when nobody can say.</param>
public sealed class DeviceWatch(
    int gpu, Func<ProcessReading, Job?> jobOf, WatchOptions? options = null, Func<ProcessReading, string?>? nameOf = null, Func<ProcessReading, Trade?>? tradeOf = null)
{
    /// <summary>A process missing from this many frames in a row has exited; one miss may be a list that was being written.</summary>
    private const int AbsencesOfAnExit = 2;

    private readonly WatchOptions options = options ?? WatchOptions.Default;
    private readonly Tenants tenants = new(nameOf);
    private readonly DeviceFault fault = new();

    /// <summary>What stands now.</summary>
    public DeviceView View => new(gpu, [.. tenants.All.Select(process => process.View)], fault.Standing);

    /// <summary>Takes the next frame and appends what it caused to <paramref name="events"/>.</summary>
    public void Observe(GpuFrame frame, List<WatchEvent> events)
    {
        fault.Clear(frame.TimeSeconds, gpu, events);
        for (var i = 0; i < tenants.All.Count; i++)
        {
            tenants.All[i].Absent++;
        }
        foreach (var reading in frame.Processes)
        {
            WatchOf(frame.TimeSeconds, reading, events).Observe(frame, reading, events);
        }
        if (IsBlind(frame))
        {
            var device = new ProcessReading(null, frame.Used);
            WatchOf(frame.TimeSeconds, device, events).Observe(frame, device, events);
        }
        CloseAbsent(frame.TimeSeconds, events);
    }

    /// <summary>Processes are known, but the bytes of none (WDDM, no permission): the device itself must be watched then.</summary>
    private static bool IsBlind(GpuFrame frame)
    {
        foreach (var process in frame.Processes)
        {
            if (process.Pid is null || process.Used is not null)
            {
                return false;
            }
        }
        return !frame.Processes.IsEmpty;
    }

    /// <summary>The GPU gave no data at this time. One that was removed takes its processes with it: their accounts are closed.</summary>
    public void Observe(double timeSeconds, Fault fault, List<WatchEvent> events)
    {
        if (fault.Kind == FaultKind.Removed)
        {
            this.fault.Clear(timeSeconds, gpu, events, fault.Reason);
            CloseAll(timeSeconds, exited: true, events);
        }
        this.fault.Observe(timeSeconds, gpu, fault, events);
    }

    /// <summary>The recording or the agent ends: open processes are closed with their reconciliation.</summary>
    public void Finish(double timeSeconds, List<WatchEvent> events) => CloseAll(timeSeconds, exited: false, events);

    private void CloseAll(double timeSeconds, bool exited, List<WatchEvent> events)
    {
        foreach (var process in tenants.All)
        {
            process.Close(timeSeconds, exited, events);
        }
        tenants.Clear();
    }

    private ProcessWatch WatchOf(double time, ProcessReading reading, List<WatchEvent> events)
    {
        var known = tenants.Of(reading);
        if (known is not null && known.StartTicks == reading.StartTicks)
        {
            known.Absent = 0;
            return known;
        }
        known?.Close(time, exited: true, events);
        var job = jobOf(reading);
        var watch = new ProcessWatch(gpu, reading, job, job is null && reading.Pid is not null ? tradeOf?.Invoke(reading) : null, options, tenants);
        tenants.Set(reading, watch);
        return watch;
    }

    private void CloseAbsent(double time, List<WatchEvent> events)
    {
        for (var i = tenants.All.Count - 1; i >= 0; i--)
        {
            if (tenants.All[i] is { } process && process.Absent >= AbsencesOfAnExit)
            {
                process.Close(time, exited: true, events);
                tenants.RemoveAt(i);
            }
        }
    }
}
