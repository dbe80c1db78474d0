using GpuWatch.Core.Alert;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Support;

/// <summary>Feeds a device's watch from numbers and collects its events.</summary>
internal sealed class Watching(double totalGiB = 16, Job? job = null, WatchOptions? options = null, Trade? trade = null)
{
    public const int Pid = 4242;

    private double time;

    public DeviceWatch Watch { get; } = new(0, _ => job, options, tradeOf: _ => trade);
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

    /// <summary>The same of one that tells its live bytes, and with what the device itself tells.</summary>
    public Watching See(IEnumerable<(double UsedGiB, double DeviceGiB, double LiveGiB, double? ReservedGiB)> samples)
    {
        foreach (var (used, device, live, reserved) in samples)
        {
            See(device, new ProcessReading(Pid, Bytes.FromGiB(used), Bytes.FromGiB(live), reserved is { } told ? Bytes.FromGiB(told) : null));
            time++;
        }
        return this;
    }

    private void See(double usedGiB, double othersGiB, int? pid) => See(usedGiB + othersGiB, new ProcessReading(pid, Bytes.FromGiB(usedGiB)));

    private void See(double deviceGiB, ProcessReading reading) =>
        Watch.Observe(new GpuFrame(time, 0, Bytes.FromGiB(totalGiB), Bytes.FromGiB(deviceGiB), null, null, [reading]), Events);
}
