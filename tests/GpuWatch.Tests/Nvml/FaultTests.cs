using GpuWatch.Core.Sample;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Nvml;

[Collection(NvmlCollection.Name)]
public sealed class FaultTests
{
    private const string TwoGpus = "gpu 0 total=24GiB\ngpu 1 total=24GiB\njob 3000005 gpu=1\n at 0 4GiB\n";

    [Theory]
    [InlineData(15, FaultKind.GpuLost, "Xid")]
    [InlineData(16, FaultKind.GpuLost, "reset")]
    [InlineData(4, FaultKind.NoPermission, "/dev/nvidia")]
    [InlineData(10, FaultKind.Timeout, "in time")]
    [InlineData(18, FaultKind.DriverReloaded, "Restart the agent")]
    [InlineData(999, FaultKind.Unknown, "999")]
    public void A_code_of_one_gpu_is_its_fault_with_advice_and_the_other_goes_on(int code, FaultKind kind, string advice)
    {
        using var source = NvmlSim.Open($"{TwoGpus}fault code={code} gpu=1 from=10");
        Assert.Single(source.Frame(gpu: 1, at: 9).Processes);
        var fault = source.Fault(gpu: 1, at: 10);
        Assert.Equal(kind, fault.Kind);
        Assert.Contains(advice, fault.Reason);
        Assert.Contains("GPU 1", fault.Reason);
        Assert.Equal(24, source.Frame(gpu: 0, at: 10).Total.GiB);
    }

    [Theory]
    [InlineData(18, FaultKind.DriverReloaded)]
    [InlineData(9, FaultKind.DriverNotLoaded)]
    [InlineData(4, FaultKind.NoPermission)]
    [InlineData(999, FaultKind.Unknown)]
    public void A_driver_that_cannot_be_opened_is_a_fault_and_not_an_exception(int code, FaultKind kind)
    {
        var opening = NvmlSim.TryOpen($"{TwoGpus}fault code={code} call=nvmlInit*");
        Assert.Null(opening.Source);
        Assert.Equal(kind, opening.Fault!.Kind);
    }

    [Fact]
    public void A_lost_gpu_is_asked_again_every_five_seconds_and_comes_back()
    {
        using var source = NvmlSim.Open($"{TwoGpus}fault code=15 gpu=1 from=10 to=23");
        Assert.Equal(FaultKind.GpuLost, source.Fault(gpu: 1, at: 10).Kind);
        var before = NvmlSim.Calls();
        Assert.Equal(FaultKind.GpuLost, source.Fault(gpu: 1, at: 14.9).Kind);
        Assert.Equal(before, NvmlSim.Calls());
        Assert.Equal(FaultKind.GpuLost, source.Fault(gpu: 1, at: 15).Kind);
        Assert.Equal(FaultKind.GpuLost, source.Fault(gpu: 1, at: 20).Kind);
        Assert.Equal(FaultKind.GpuLost, source.Fault(gpu: 1, at: 24).Kind);
        Assert.Equal(4, source.Frame(gpu: 1, at: 25).Used.GiB);
    }

    [Fact]
    public void A_gpu_that_is_lost_from_the_start_keeps_its_place_and_may_come_back()
    {
        using var source = NvmlSim.Open($"{TwoGpus}fault code=15 gpu=1 to=3");
        Assert.Equal([0, 1], source.Gpus.Select(gpu => gpu.Index));
        Assert.Equal(FaultKind.GpuLost, source.Fault(gpu: 1, at: 1).Kind);
        Assert.Equal(4, source.Frame(gpu: 1, at: 7).Used.GiB);
    }

    [Fact]
    public void A_gpu_lost_between_its_memory_and_its_processes_gives_no_half_frame()
    {
        using var source = NvmlSim.Open($"{TwoGpus}fault code=15 gpu=1 call=*ComputeRunningProcesses*");
        Assert.Equal(FaultKind.GpuLost, source.Fault(gpu: 1).Kind);
    }

    [Fact]
    public void A_library_that_was_shut_down_under_us_is_opened_again()
    {
        using var source = NvmlSim.Open($"{TwoGpus}fault code=1 call=nvmlDevice* from=10 to=12");
        Assert.Equal(FaultKind.Unknown, source.Fault(gpu: 1, at: 10).Kind);
        var opened = NvmlSim.Calls("nvmlInit_v2");
        Assert.Equal(4, source.Frame(gpu: 1, at: 15).Used.GiB);
        Assert.Equal(opened + 1, NvmlSim.Calls("nvmlInit_v2"));
    }

    [Fact]
    public void A_driver_replaced_under_the_running_agent_says_to_restart_it()
    {
        using var source = NvmlSim.Open($"{TwoGpus}fault code=1 call=nvmlDevice* from=10\nfault code=18 call=nvmlInit* from=10");
        source.Fault(gpu: 1, at: 10);
        var fault = source.Fault(gpu: 1, at: 15);
        Assert.Equal(FaultKind.DriverReloaded, fault.Kind);
        Assert.Contains("Restart the agent", fault.Reason);
    }
}
