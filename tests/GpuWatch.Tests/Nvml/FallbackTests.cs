using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Nvml;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Nvml;

/// <summary>Drivers of all ages: each answers in its own way, and the frame is the same.</summary>
[Collection(NvmlCollection.Name)]
public sealed class FallbackTests
{
    private const string Node = """

        gpu 0 total=24GiB reserved=300MiB base=12MiB
        job 3000001 gpu=0
          at 0 6442450944B
        job 3000002 gpu=0 kind=both
          at 0 1GiB
        job 3000003 gpu=0 kind=mps
          at 0 5GiB
        """;

    private const string NoV2 = "\nfault code=13 call=*RunningProcesses_v2";

    private static readonly ProcessReading[] All =
    [
        new(3000001, Bytes.FromGiB(6)), new(3000002, Bytes.FromGiB(1)), new(3000003, Bytes.FromGiB(5)),
    ];

    [Fact]
    public void Compute_graphics_and_mps_clients_are_merged_by_pid_and_counted_once()
    {
        using var source = NvmlSim.Open(Node);
        Assert.Equal(All, source.Frame().Processes.ToArray());
        Assert.Equal(0ul, NvmlSim.Calls("nvmlDeviceGetComputeRunningProcesses_v3"));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(32)]
    public void Without_v2_lists_the_record_length_of_v3_is_found_out(int stride)
    {
        using var source = NvmlSim.Open($"lists v3_stride={stride}{Node}{NoV2}");
        Assert.Equal(All, source.Frame().Processes.ToArray());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(32)]
    public void A_single_process_is_enough_to_find_the_record_length(int stride)
    {
        using var source = NvmlSim.Open($"lists v3_stride={stride}\ngpu 0 total=24GiB\njob 3000005 gpu=0\n at 0 4GiB\n{NoV2}");
        Assert.Equal([new ProcessReading(3000005, Bytes.FromGiB(4))], source.Frame().Processes.ToArray());
    }

    [Fact]
    public void Without_v2_and_v3_lists_the_first_version_is_read()
    {
        using var source = NvmlSim.Open($"{Node}\nfault code=13 call=*RunningProcesses_v?");
        Assert.Equal(All, source.Frame().Processes.ToArray());
    }

    [Fact]
    public void What_a_driver_lacks_is_asked_once()
    {
        using var source = NvmlSim.Open($"{Node}{NoV2}\nfault code=13 call=nvmlDeviceGetMemoryInfo_v2\nfault code=3 call=*MPSCompute*");
        source.Frame();
        var before = NvmlSim.Calls();
        var asked = NvmlSim.Calls("nvmlDeviceGetComputeRunningProcesses_v2");
        source.Frame();
        Assert.Equal(asked, NvmlSim.Calls("nvmlDeviceGetComputeRunningProcesses_v2"));
        Assert.Equal(3ul, NvmlSim.Calls() - before);
    }

    [Theory]
    [InlineData("")]
    [InlineData(NoV2)]
    [InlineData("\nfault code=13 call=*RunningProcesses_v?")]
    public void A_record_that_makes_no_sense_costs_itself_and_the_list_is_read_on(string fault)
    {
        // Managed memory is counted beyond what the card has; no process of Linux has the other's number.
        using var source = NvmlSim.Open($"{Node}{fault}\njob 3000007 gpu=0 start=5 end=6\n at 0 30GiB\njob 4294967295 gpu=0 start=5 end=6\n at 0 1GiB");
        Assert.Equal(All, source.Frame(at: 4).Processes.ToArray());
        Assert.Equal([.. All, new(3000007, null)], source.Frame(at: 5).Processes.ToArray());
        Assert.Equal(All, source.Frame(at: 6).Processes.ToArray());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    public void A_first_reading_that_makes_no_sense_does_not_settle_the_record_length(int stride)
    {
        using var source = NvmlSim.Open($"lists v3_stride={stride}{Node}{NoV2}\njob 4294967295 gpu=0 end=1\n at 0 1GiB");
        source.Frame(at: 0);
        Assert.Equal(All, source.Frame(at: 1).Processes.ToArray());
    }

    [Fact]
    public void A_list_longer_than_the_buffer_is_read_again_with_room()
    {
        var jobs = string.Concat(Enumerable.Range(1, 200).Select(pid => $"\njob {pid} gpu=0\n at 0 {pid}MiB"));
        using var source = NvmlSim.Open($"gpu 0 total=80GiB{jobs}");
        var processes = source.Frame().Processes;
        Assert.Equal(Enumerable.Range(1, 200).Select(pid => (pid, Bytes.FromMiB(pid))), processes.Select(one => (one.Pid!.Value, one.Used!.Value)));
        var before = NvmlSim.Calls();
        source.Frame();
        Assert.Equal(4ul, NvmlSim.Calls() - before);
    }

    [Fact]
    public void A_list_that_grows_between_two_sweeps_loses_nobody()
    {
        var jobs = string.Concat(Enumerable.Range(1, 150).Select(pid => $"\njob {pid} gpu=0 start={(pid <= 60 ? 0 : 5)}\n at 0 {pid}MiB"));
        using var source = NvmlSim.Open($"lists probe_error=-80\ngpu 0 total=80GiB{jobs}");
        Assert.Equal(60, source.Frame(at: 1).Processes.Length);
        Assert.Equal(150, source.Frame(at: 6).Processes.Length);
    }

    [Theory]
    [InlineData("apart", "")]
    [InlineData("included", "")]
    public void Used_excludes_the_drivers_reserve_whichever_way_the_driver_counts(string reserve, string fault)
    {
        using var source = NvmlSim.Open($"gpu 0 total=24GiB reserved=300MiB reserve={reserve}\njob 3000005 gpu=0\n at 0 4GiB{fault}");
        var frame = source.Frame();
        Assert.Equal((Bytes.FromGiB(4), Bytes.FromMiB(300)), (frame.Used, frame.Reserved));
        Assert.Equal(Bytes.FromGiB(20) - Bytes.FromMiB(300), frame.Free);
        Assert.Equal(Bytes.Zero, frame.Unattributed);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(25)]
    [InlineData(3)]
    public void Without_memory_v2_the_reserve_is_unknown_and_part_of_used(int code)
    {
        using var source = NvmlSim.Open($"gpu 0 total=24GiB reserved=300MiB\njob 3000005 gpu=0\n at 0 4GiB\nfault code={code} call=nvmlDeviceGetMemoryInfo_v2");
        var frame = source.Frame();
        Assert.Null(frame.Reserved);
        Assert.Equal(Bytes.FromGiB(4) + Bytes.FromMiB(300), frame.Used);
        Assert.Equal(Bytes.FromGiB(20) - Bytes.FromMiB(300), frame.Available);
        Assert.Equal(Bytes.FromMiB(300), frame.Unattributed);
    }

    [Fact]
    public void Under_WDDM_a_process_is_known_but_its_memory_is_not()
    {
        using var source = NvmlSim.Open("gpu 0 total=24GiB process_memory=unknown\njob 3000005 gpu=0\n at 0 4GiB");
        var frame = source.Frame();
        Assert.Equal([new ProcessReading(3000005, null)], frame.Processes.ToArray());
        Assert.Equal(Bytes.FromGiB(4), frame.Used);
        Assert.Null(frame.Unattributed);
    }

    [Fact]
    public void Where_one_list_knows_a_process_s_memory_and_another_does_not_the_known_figure_stands()
    {
        using var source = NvmlSim.Open("gpu 0 total=24GiB\njob 3000005 gpu=0 kind=graphics memory=unknown\n at 0 1GiB\njob 3000005 gpu=0\n at 0 4GiB");
        Assert.Equal([new ProcessReading(3000005, Bytes.FromGiB(4))], source.Frame().Processes.ToArray());
    }

    [LinuxFact]
    public void Unified_memory_is_the_machines_own()
    {
        using var source = NvmlSim.Open("gpu 0 total=24GiB\njob 3000005 gpu=0\n at 0 4GiB\nfault code=3 call=nvmlDeviceGetMemoryInfo*");
        var frame = source.Frame();
        var total = File.ReadLines("/proc/meminfo").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).First(line => line[0] == "MemTotal:")[1];
        Assert.Equal(new Bytes(long.Parse(total) * 1024), frame.Total);
        Assert.Equal(frame.Total, source.Gpus[0].Total);
        Assert.Equal(frame.Total, frame.Used + frame.Free!.Value);
        Assert.Equal([new ProcessReading(3000005, Bytes.FromGiB(4))], frame.Processes.ToArray());
    }

    [Theory]
    [InlineData("MemTotal:       131896456 kB\nMemFree:  2 kB\nMemAvailable:   100 kB\n", 131896356)]
    [InlineData("MemTotal:       131896456 kB\nMemFree:  2 kB\n", null)]
    [InlineData("MemAvailable:   100 kB\n", null)]
    [InlineData("", null)]
    public void Of_the_machines_memory_that_is_used_which_is_not_available(string meminfo, int? usedKibibytes) =>
        Assert.Equal(usedKibibytes * 1024L, SharedMemory.Parse(System.Text.Encoding.ASCII.GetBytes(meminfo))?.Used.Count);

    [Fact]
    public void Where_lists_may_not_be_read_the_device_alone_is_watched()
    {
        using var source = NvmlSim.Open($"{Node}\nfault code=4 call=*RunningProcesses*");
        Assert.Equal([new ProcessReading(null, Bytes.FromGiB(12) + Bytes.FromMiB(12))], source.Frame().Processes.ToArray());
    }

    [Fact]
    public void Mig_instances_are_watched_in_place_of_their_gpu_and_numbered_after_the_last_one()
    {
        using var source = NvmlSim.Open("""
            gpu 0 total=80GiB uuid=GPU-big
            gpu 1 total=24GiB
            gpu 0:0 total=20GiB uuid=MIG-a
            gpu 0:2 total=40GiB uuid=MIG-b
            job 3000011 gpu=0:0
              at 0 3GiB
            job 3000012 gpu=0:2
              at 0 30GiB
            fault code=4 gpu=0 call=nvmlDeviceGetMemoryInfo*
            fault code=4 gpu=0 call=*RunningProcesses*
            """);
        Assert.Equal(
            [(1, null, Bytes.FromGiB(24)), (2, "GPU-big", Bytes.FromGiB(20)), (3, "GPU-big", (Bytes?)Bytes.FromGiB(40))],
            source.Gpus.Select(gpu => (gpu.Index, gpu.ParentUuid, gpu.Total)));
        Assert.Equal([new ProcessReading(3000011, Bytes.FromGiB(3))], source.Frame(gpu: 2).Processes.ToArray());
        Assert.Equal((Bytes.FromGiB(40), Bytes.FromGiB(30)), (source.Frame(gpu: 3).Total, source.Frame(gpu: 3).Used));
    }

    [Fact]
    public void A_steady_sweep_hands_out_the_same_list_and_allocates_only_its_frame()
    {
        using var source = NvmlSim.Open(Node);
        var first = source.Frame().Processes;
        source.Frame();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            source.Read(0, i, withProcesses: true);
        }
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        Assert.True(first == source.Frame().Processes);
        Assert.InRange(each, 1, 200);
    }
}
