using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Core.Alert;

/// <summary>The alert of a GPU that gives no data. It ends with the first frame.</summary>
internal sealed class DeviceFault
{
    private Episode? episode;

    public Alert? Standing => episode?.Standing;

    public void Observe(double time, int gpu, Fault fault, List<WatchEvent> events)
    {
        if (KindOf(fault.Kind) is not { } kind)
        {
            return;
        }
        if (episode is { } other && other.Kind != kind)
        {
            Clear(time, gpu, events);
        }
        episode ??= new Episode(kind);
        episode.Raise(time, gpu, null, new Alert(
            kind, Severity.Critical, null, null, null, null, null, null, fault.Reason, ImmutableSortedDictionary<string, double>.Empty), events);
    }

    public void Clear(double time, int gpu, List<WatchEvent> events, string because = "The GPU answers again.")
    {
        episode?.Calm(time, gpu, null, 0, because, events);
        episode = null;
    }

    /// <summary>
    /// Faults of permission or of the library concern the agent, not this GPU's health: they are logged, not paged. A timeout
    /// is one late answer; when it lasts the source says that the driver is unresponsive.
    /// </summary>
    private static AlertKind? KindOf(FaultKind kind) => kind switch
    {
        FaultKind.GpuLost => AlertKind.GpuLost,
        FaultKind.DriverUnresponsive or FaultKind.DriverReloaded => AlertKind.DriverUnresponsive,
        _ => null,
    };
}
