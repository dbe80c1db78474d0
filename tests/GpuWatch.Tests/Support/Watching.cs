using GpuWatch.Core.Alert;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Support;

/// <summary>Feeds a device's watch from numbers and collects its events.</summary>
internal sealed class Watching(double totalGiB = 16, Job? job = null, WatchOptions? options = null)
{
    public const int Pid = 4242;

    private double time;

    public DeviceWatch Watch { get; } = new(0, _ => job, options);
    public List<WatchEvent> Events { get; } = [];
    public IEnumerable<AlertRaised> Critical =>
        Events.OfType<AlertRaised>().Where(raised => raised.Alert is { Kind: AlertKind.OomRisk, Severity: Severity.Critical });

    /// <summary>One process holding these GiB, one sample a period; the others hold the same all along.</summary>
    public Watching See(IEnumerable<double> usedGiB, double othersGiB = 0, double periodSeconds = 1, int? pid = Pid)
    {
        foreach (var used in usedGiB)
        {
            See(used, othersGiB, pid);
            time += periodSeconds;
        }
        return this;
    }

    public Watching Finish()
    {
        Watch.Finish(time, Events);
        return this;
    }

    private void See(double usedGiB, double othersGiB, int? pid)
    {
        var used = Bytes.FromGiB(usedGiB);
        Watch.Observe(
            new GpuFrame(time, 0, Bytes.FromGiB(totalGiB), used + Bytes.FromGiB(othersGiB), null, null, [new ProcessReading(pid, used)]),
            Events);
    }
}
