using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Nvml;

[Collection(NvmlCollection.Name)]
public sealed class ReadingTests
{
    private const string TwoGpus = """
        driver 550.54.15
        gpu 0 total=24GiB reserved=300MiB name="NVIDIA GeForce RTX 4090" uuid=GPU-aaaa
        gpu 1 total=48GiB reserved=570MiB base=100MiB name="NVIDIA RTX A6000"
        job 3000001 gpu=0
          at 0 2GiB
          at 10 6GiB
          ramp 20 8GiB
        job 3000002 gpu=0 start=5 end=15
          at 0 1GiB
        """;

    [Fact]
    public void The_facts_of_each_gpu_are_read_when_it_is_opened()
    {
        using var source = NvmlSim.Open(TwoGpus);
        Assert.Equal(
            [new(0, "GPU-aaaa", "NVIDIA GeForce RTX 4090", "00000000:01:00.0", "550.54.15", Bytes.FromGiB(24)),
             new(1, "GPU-51b0c0de-0000-4000-8000-000000000001", "NVIDIA RTX A6000", "00000000:02:00.0", "550.54.15", Bytes.FromGiB(48))],
            source.Gpus.ToArray());
    }

    [Fact]
    public void Memory_and_processes_are_the_scenes_bytes_at_each_time()
    {
        using var source = NvmlSim.Open(TwoGpus);
        var early = source.Frame(at: 0);
        Assert.Equal((Bytes.FromGiB(24), Bytes.FromGiB(2), Bytes.FromMiB(300)), (early.Total, early.Used, early.Reserved));
        Assert.Equal([new ProcessReading(3000001, Bytes.FromGiB(2))], early.Processes.ToArray());
        var later = source.Frame(at: 10);
        Assert.Equal([new ProcessReading(3000001, Bytes.FromGiB(6)), new ProcessReading(3000002, Bytes.FromGiB(1))], later.Processes.ToArray());
        var climbing = source.Frame(at: 15);
        Assert.Equal([new ProcessReading(3000001, Bytes.FromGiB(7))], climbing.Processes.ToArray());
        Assert.Equal(Bytes.FromGiB(8), source.Frame(at: 1e6).Used);
    }

    [Fact]
    public void The_bridge_closes_and_what_nobody_owns_is_unattributed()
    {
        using var source = NvmlSim.Open(TwoGpus);
        var frame = source.Frame(gpu: 1);
        Assert.Equal(Bytes.FromMiB(100), frame.Unattributed);
        Assert.Equal(frame.Total - frame.Free, frame.Reserved + frame.Unattributed);
        Assert.Empty(frame.Processes);
    }

    [Fact]
    public void Without_processes_the_device_alone_is_asked_by_one_call()
    {
        using var source = NvmlSim.Open(TwoGpus);
        source.Frame();
        var before = NvmlSim.Calls();
        var outcome = source.Read(0, 0, withProcesses: false);
        Assert.Empty(outcome.Frame!.Processes);
        Assert.Equal(1ul, NvmlSim.Calls() - before);
    }

    [Fact]
    public void A_sweep_makes_at_most_four_calls_a_gpu_and_never_asks_for_pcie_counters()
    {
        using var source = NvmlSim.Open(TwoGpus);
        Sweep(source);
        var before = NvmlSim.Calls();
        Sweep(source);
        Assert.Equal(2 * 4ul, NvmlSim.Calls() - before);
        Assert.Equal(0ul, NvmlSim.Calls("nvmlDeviceGetPcieThroughput"));
    }

    [Fact]
    public void A_probe_and_the_whole_reading_that_follows_it_make_four_calls_together()
    {
        using var source = NvmlSim.Open(TwoGpus);
        Sweep(source);
        NvmlSim.SetTime(10);
        var before = NvmlSim.Calls();
        source.Read(0, 10, withProcesses: false);
        var whole = source.Read(0, 10, withProcesses: true).Frame!;
        Assert.Equal((4ul, Bytes.FromGiB(7)), (NvmlSim.Calls() - before, whole.Used));
        Assert.Equal(Bytes.FromGiB(8), source.Frame(at: 1e6).Used);
    }

    [Fact]
    public void What_a_traces_process_tells_of_itself_comes_with_its_reading()
    {
        using var source = NvmlSim.Open("""
            time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes
            0,0,7,500,900,1000,,
            1,0,7,500,900,1000,200,300
            1,0,8,100,900,1000,,

            """);
        Assert.Equal([new ProcessReading(7, new Bytes(500))], source.Frame(at: 0).Processes.ToArray());
        Assert.Equal(
            [new ProcessReading(7, new Bytes(500), new Bytes(200), new Bytes(300)), new ProcessReading(8, new Bytes(100))],
            source.Frame(at: 1).Processes.ToArray());
    }

    [Fact]
    public void A_trace_plays_with_its_own_times()
    {
        Assert.Equal(0, NvmlSim.Load("""
            time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes
            100,0,7,1000,5000,90000,,
            101,0,7,2000,6000,90000,,
            101,0,9,500,6000,90000,,
            102.5,0,9,600,6100,90000,,

            """));
        Assert.Equal(100, NvmlSim.TimeSeconds());
        using var source = (IGpuSource)GpuWatch.Nvml.NvmlGpuSource.Open(NvmlSim.Path).Source!;
        Assert.Equal([(7, 1000)], Pairs(source.Frame(at: 100.9)));
        Assert.Equal([(7, 2000), (9, 500)], Pairs(source.Frame(at: 101)));
        Assert.Equal([(9, 600)], Pairs(source.Frame(at: 500)));
        Assert.Equal(6100, source.Frame(at: 500).Used.Count);
    }

    private static IEnumerable<(int, long)> Pairs(GpuFrame frame) =>
        frame.Processes.Select(process => (process.Pid!.Value, process.Used!.Value.Count));

    private static void Sweep(IGpuSource source)
    {
        foreach (var gpu in source.Gpus)
        {
            Assert.NotNull(source.Read(gpu.Index, 0, withProcesses: true).Frame);
        }
    }
}
