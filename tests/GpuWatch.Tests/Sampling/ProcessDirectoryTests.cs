using GpuWatch.Sampling;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Sampling;

public sealed class ProcessDirectoryTests
{
    private readonly FakeGpus gpus = new();
    private long starts = 100;
    private readonly ProcessDirectory directory;

    public ProcessDirectoryTests() => directory = new(pid => new ProcessFacts(pid, starts++, "python"));

    [Fact]
    public void A_process_is_looked_up_once_and_its_start_time_goes_with_each_reading()
    {
        Assert.Equal(100, StartSeenAt(1));
        Assert.Equal(100, StartSeenAt(2));
        Assert.Equal("python", directory.Of(4242).Name);
    }

    [Fact]
    public void A_number_that_comes_back_after_a_while_is_another_process()
    {
        Assert.Equal(100, StartSeenAt(1));
        directory.Forget(5);

        Assert.Equal(101, StartSeenAt(6));
    }

    [Fact]
    public void A_process_on_the_list_of_another_gpu_only_is_not_forgotten()
    {
        Assert.Equal(100, StartSeenAt(1));
        directory.Forget(2);

        Assert.Equal(100, StartSeenAt(2));
    }

    [Fact]
    public void A_stranger_has_a_number_and_nothing_else() => Assert.Equal(new ProcessFacts(7), directory.Of(7));

    private long? StartSeenAt(double time) =>
        directory.Identify(gpus.Read(0, time, withProcesses: true)).Frame!.Processes[0].StartTicks;
}
