using GpuWatch.Core.Sample;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Sampling;

public sealed class SamplerTests
{
    [Fact]
    public void At_one_hertz_each_sweep_lists_the_processes()
    {
        var gpus = new FakeGpus();
        var sampler = new Sampler(gpus, new SamplingOptions(), new SelfMetrics(TimeProvider.System));

        var sweeps = Enumerable.Range(1, 3).Select(second => sampler.Take(Start + Seconds(second))).ToList();

        Assert.Equal([1.0, 2, 3], sweeps.Select(sweep => sweep.TimeSeconds));
        Assert.All(sweeps, sweep => Assert.Equal(4242, sweep.Gpus[0].Frame!.Processes[0].Pid));
        Assert.All(gpus.Reads, read => Assert.True(read.WithProcesses));
    }

    [Fact]
    public void At_ten_hertz_a_quiet_device_lists_its_processes_once_a_second()
    {
        var gpus = new FakeGpus();
        gpus.Use(4);

        var sweeps = Sweep(gpus, ticks: 30);

        Assert.Equal([0.1, 1, 2, 3], gpus.Reads.Where(read => read.WithProcesses).Select(read => read.TimeSeconds));
        Assert.Equal(4, sweeps.Count(sweep => sweep.Gpus.Length > 0));
    }

    [Fact]
    public void At_ten_hertz_a_stair_is_seen_at_the_tick_it_appears_and_only_on_its_gpu()
    {
        var gpus = new FakeGpus(2);

        var sweeps = Sweep(gpus, ticks: 9, tick =>
        {
            if (tick == 5)
            {
                gpus.Use(2, gpu: 1);
            }
        });

        Assert.Equal([0.1, 0.5], sweeps.Where(sweep => sweep.Gpus.Length > 0).Select(sweep => sweep.TimeSeconds));
        Assert.Equal(1, Assert.Single(sweeps[4].Gpus).Gpu);
    }

    [Fact]
    public void One_gpu_that_fails_costs_only_its_own_data()
    {
        var gpus = new FakeGpus(2);
        gpus.Fail(FaultKind.GpuLost, gpu: 0);

        var sweep = new Sampler(gpus, new SamplingOptions(), new SelfMetrics(TimeProvider.System)).Take(Start + Seconds(1));

        Assert.Equal(FaultKind.GpuLost, sweep.Gpus[0].Fault!.Kind);
        Assert.Null(sweep.Gpus[0].Frame);
        Assert.NotNull(sweep.Gpus[1].Frame);
    }

    [Fact]
    public void A_driver_reloaded_under_all_gpus_is_reported_and_then_ends_the_session()
    {
        var gpus = new FakeGpus();
        gpus.Fail(FaultKind.DriverReloaded);
        var sampler = new Sampler(gpus, new SamplingOptions(), new SelfMetrics(TimeProvider.System));

        Assert.Equal(FaultKind.DriverReloaded, sampler.Take(Start + Seconds(1)).Gpus[0].Fault!.Kind);
        var end = Assert.Throws<GpuSessionException>(() => sampler.Take(Start + Seconds(2)));

        Assert.Equal(FaultKind.DriverReloaded, end.Fault.Kind);
    }

    [Fact]
    public void A_gpu_whose_process_tells_of_its_own_allocator_is_read_wholly_at_each_tick()
    {
        var gpus = new FakeGpus { TorchAllocated = Core.Units.Bytes.FromGiB(1) };

        Sweep(gpus, ticks: 5);

        Assert.Equal(5, gpus.Reads.Count(read => read.WithProcesses));
    }

    private static List<Sweep> Sweep(FakeGpus gpus, int ticks, Action<int>? before = null)
    {
        var sampler = new Sampler(gpus, new SamplingOptions(), new SelfMetrics(TimeProvider.System));
        var sweeps = new List<Sweep>();
        for (var tick = 1; tick <= ticks; tick++)
        {
            before?.Invoke(tick);
            sweeps.Add(sampler.Take(Start + TimeSpan.FromMilliseconds(100 * tick)));
        }
        return sweeps;
    }
}
