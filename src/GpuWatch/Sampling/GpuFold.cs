using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;

namespace GpuWatch.Sampling;

/// <summary>Feeds one GPU's outcomes to its fold. The list it returns is valid until the next call.</summary>
internal sealed class GpuFold(DeviceWatch watch)
{
    private readonly List<WatchEvent> events = [];

    public IReadOnlyList<WatchEvent> Take(double timeSeconds, GpuOutcome outcome)
    {
        events.Clear();
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

    public IReadOnlyList<WatchEvent> Finish(double timeSeconds)
    {
        events.Clear();
        watch.Finish(timeSeconds, events);
        return events;
    }
}
