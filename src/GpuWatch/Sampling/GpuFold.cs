using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;

namespace GpuWatch.Sampling;

/// <summary>Feeds one GPU's outcomes to its fold. The list it returns is valid until the next call.</summary>
internal sealed class GpuFold(DeviceWatch watch)
{
    private readonly List<WatchEvent> events = [];
    private double time;

    public IReadOnlyList<WatchEvent> Take(double timeSeconds, GpuOutcome outcome)
    {
        events.Clear();
        time = timeSeconds;
        if (outcome.Frame is { } frame)
        {
            watch.Observe(frame, events);
        }
        else if (outcome.Fault is { } fault)
        {
            watch.Observe(timeSeconds, fault, events);
        }
        return events;
    }

    public IReadOnlyList<WatchEvent> Finish()
    {
        events.Clear();
        watch.Finish(time, events);
        return events;
    }
}
