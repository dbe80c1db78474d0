using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Nvml;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Nvml;

/// <summary>GPUs and MIG instances that come and go while the agent runs.</summary>
[Collection(NvmlCollection.Name)]
public sealed class InventoryTests
{
    private readonly GpuNumbers numbers = new();

    [Fact]
    public void A_gpu_that_is_plugged_in_later_is_a_change_and_the_next_session_reads_it()
    {
        using (var first = Open("gpu 0 total=24GiB\ngpu 1 total=40GiB from=5\njob 3000005 gpu=1 start=5\n at 0 4GiB\n"))
        {
            Assert.Single(first.Gpus);
            Assert.False(ChangedAt(first, 4.9));
            Assert.True(ChangedAt(first, 5));
        }
        using var next = Again();
        Assert.Equal([0, 1], next.Gpus.Select(gpu => gpu.Index));
        Assert.Equal(Bytes.FromGiB(4), next.Frame(gpu: 1, at: 5).Used);
        Assert.False(ChangedAt(next, 6));
    }

    [Fact]
    public void The_others_keep_their_numbers_when_a_gpu_is_taken_out_which_counts_as_lost_and_may_come_back()
    {
        const string scene = "gpu 0 total=24GiB uuid=GPU-a to=5\ngpu 1 total=40GiB uuid=GPU-b\njob 3000005 gpu=1\n at 0 4GiB\n";
        using (var first = Open(scene))
        {
            Assert.True(ChangedAt(first, 5));
        }
        using (var next = Again())
        {
            Assert.Equal([(0, "GPU-a"), (1, "GPU-b")], next.Gpus.Select(gpu => (gpu.Index, gpu.Uuid)));
            Assert.Equal(Bytes.FromGiB(4), next.Frame(gpu: 1, at: 5).Used);
            Assert.Equal(FaultKind.GpuLost, next.Fault(gpu: 0, at: 5).Kind);
            Assert.False(ChangedAt(next, 6));
            Assert.True(ChangedAt(next, 4));
        }
        using var back = Again();
        Assert.Equal(Bytes.FromGiB(24), back.Frame(gpu: 0, at: 4).Total);
    }

    [Fact]
    public void A_gpu_that_is_only_lost_is_no_change()
    {
        using var source = Open("gpu 0 total=24GiB uuid=GPU-a\ngpu 1 total=40GiB uuid=GPU-b\nfault code=15 gpu=1 from=5 to=20");
        Assert.False(ChangedAt(source, 6));
        Assert.False(ChangedAt(source, 21));
    }

    [Fact]
    public void A_gpu_that_was_lost_from_the_start_gets_its_name_when_it_comes_back()
    {
        using (var source = Open("gpu 0 total=24GiB uuid=GPU-a\ngpu 1 total=40GiB uuid=GPU-b\nfault code=15 gpu=1 to=5"))
        {
            Assert.Null(source.Gpus[1].Uuid);
            Assert.True(ChangedAt(source, 6));
        }
        using var named = Again();
        Assert.Equal((1, "GPU-b"), (named.Gpus[1].Index, named.Gpus[1].Uuid));
    }

    [Fact]
    public void A_new_mig_instance_gets_a_number_of_its_own_and_one_that_is_destroyed_says_so_once_and_leaves()
    {
        const string scene = """
            gpu 0 total=80GiB uuid=GPU-a
            gpu 0:0 total=20GiB uuid=MIG-a to=9
            gpu 0:1 total=20GiB uuid=MIG-b
            gpu 0:2 total=40GiB uuid=MIG-c from=5
            job 3000011 gpu=0:1
              at 0 3GiB
            """;
        using (var first = Open(scene))
        {
            Assert.Equal([(1, "MIG-a"), (2, "MIG-b")], first.Gpus.Select(gpu => (gpu.Index, gpu.Uuid)));
            Assert.True(ChangedAt(first, 5));
        }
        using (var second = Again())
        {
            Assert.Equal([(1, "MIG-a"), (2, "MIG-b"), (3, "MIG-c")], second.Gpus.Select(gpu => (gpu.Index, gpu.Uuid)));
            Assert.True(ChangedAt(second, 9));
        }
        using (var third = Again())
        {
            Assert.Equal(FaultKind.Removed, third.Fault(gpu: 1, at: 9).Kind);
            Assert.Equal(Bytes.FromGiB(3), third.Frame(gpu: 2, at: 9).Used);
        }
        using var fourth = Again();
        Assert.Equal([2, 3], fourth.Gpus.Select(gpu => gpu.Index));
    }

    [Fact]
    public void A_gpu_that_is_cut_is_watched_by_its_instances_in_its_place()
    {
        using (var whole = Open("gpu 0 total=80GiB uuid=GPU-a\ngpu 1 total=24GiB\ngpu 0:0 total=20GiB uuid=MIG-a from=5\n"))
        {
            Assert.Equal([0, 1], whole.Gpus.Select(gpu => gpu.Index));
            Assert.True(ChangedAt(whole, 5));
        }
        using var cut = Again();
        Assert.Contains("cut into MIG instances", cut.Fault(gpu: 0, at: 5).Reason);
        Assert.Equal((2, "MIG-a"), (cut.Gpus[1].Index, cut.Gpus[1].Uuid));
    }

    [Fact]
    public void Looking_costs_three_calls_a_gpu_and_one_more()
    {
        using var source = Open("gpu 0 total=24GiB\ngpu 1 total=40GiB\n");
        var before = NvmlSim.Calls();
        Assert.False(source.HasChanged());
        Assert.Equal(7ul, NvmlSim.Calls() - before);
    }

    private IGpuSource Open(string scene)
    {
        Assert.Equal(0, NvmlSim.Load(scene));
        return Again();
    }

    private IGpuSource Again()
    {
        var opening = NvmlGpuSource.Open(NvmlSim.Path, numbers);
        return Assert.IsType<NvmlGpuSource>(opening.Source);
    }

    private static bool ChangedAt(IGpuSource source, double time)
    {
        NvmlSim.SetTime(time);
        return source.HasChanged();
    }
}
