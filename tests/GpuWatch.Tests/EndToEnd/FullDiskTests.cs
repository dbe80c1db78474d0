using GpuWatch.Sinks;
using GpuWatch.Store.Influx;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>Issue 5: a full disk is reported and sampling goes on.</summary>
[Trait("Category", "Servers")]
public sealed class FullDiskTests
{
    [SmallDiskFact]
    public async Task A_full_disk_is_reported_what_is_lost_is_counted_and_what_was_kept_is_delivered()
    {
        using var folder = new TemporaryFolder();
        Assert.True(SmallDisk.Mount(folder.Path, 64));
        try
        {
            await using var stub = await InfluxStub.StartAsync("/write?db=gpuwatch&precision=ms", null);
            stub.Down = 503;
            var counters = new SinkCounters("influxdb");
            var options = new InfluxOptions
            {
                Url = stub.Url, Api = InfluxApi.V1, FlushEvery = Seconds(0.001), BatchPoints = 100,
                FirstPause = Seconds(0.01), LongestPause = Seconds(0.02), Spool = folder.File("spool"),
            };
            var sweeps = 0;
            await using (var sink = new InfluxSink(options, new("node-1", _ => null, process => new(process.Pid!.Value, Name: "python"), (_, _) => null), counters, _ => { }, TimeProvider.System))
            {
                while (counters.Dropped == 0 || counters.Problem?.Contains("space", StringComparison.OrdinalIgnoreCase) != true)
                {
                    sink.Accept(Sweeps.Of(sweeps, usedMiB: 10_000 + (sweeps * 7919 % 10_000), processes: 99));
                    Assert.InRange(++sweeps, 0, 20_000);
                    await Eventually.HoldsAsync(() => counters.Written + counters.Dropped + counters.Queued() == sweeps * 100L, 30, "sampling goes on: what was given waits or is counted");
                }
                stub.Down = null;
                await Eventually.HoldsAsync(() => counters.Written + counters.Dropped == sweeps * 100L, 30, "every point was delivered or counted as dropped");
            }

            var times = stub.Lines.Where(line => line.Measurement == "gpu").Select(line => line.Time).ToList();
            Assert.Equal(times.Order(), times);
            Assert.Equal(times.Count, times.Distinct().Count());
            Assert.Equal(counters.Written, stub.Lines.Count);
        }
        finally
        {
            SmallDisk.Unmount(folder.Path);
        }
    }
}
