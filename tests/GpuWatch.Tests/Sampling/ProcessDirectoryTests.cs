using GpuWatch.Core.Sample;
using GpuWatch.Sampling;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Sampling;

public sealed class ProcessDirectoryTests
{
    private readonly ProcessDirectory directory;
    private int lookups;

    public ProcessDirectoryTests() => directory = new(pid => pid == 7 ? null : new ProcessFacts(pid, Name: $"python {++lookups}"), new ManualTime());

    [Fact]
    public void A_process_is_looked_up_once()
    {
        Assert.Equal("python 1", directory.Of(new ProcessReading(42, null, StartTicks: 100)).Name);
        Assert.Equal("python 1", directory.Of(new ProcessReading(42, null, StartTicks: 100)).Name);
    }

    [Fact]
    public void The_same_number_with_another_start_time_is_another_process()
    {
        Assert.Equal("python 1", directory.Of(new ProcessReading(42, null, StartTicks: 100)).Name);
        Assert.Equal("python 2", directory.Of(new ProcessReading(42, null, StartTicks: 200)).Name);
    }

    [Fact]
    public void A_stranger_has_a_number_and_nothing_else() =>
        Assert.Equal(new ProcessFacts(7, 100), directory.Of(new ProcessReading(7, null, StartTicks: 100)));

    [Fact]
    public void Whoever_has_the_number_by_now_is_not_taken_for_who_had_it()
    {
        var directory = new ProcessDirectory(pid => new ProcessFacts(pid, StartTicks: 200, Name: "bash"), new ManualTime());
        Assert.Null(directory.Of(new ProcessReading(42, null, StartTicks: 100)).Name);
        Assert.Equal("bash", directory.Of(new ProcessReading(42, null, StartTicks: 200)).Name);
    }

    [Fact]
    public async Task One_that_the_kernel_lets_nobody_look_at_holds_up_the_sampling_once_and_is_known_when_it_can_be()
    {
        var time = new ManualTime();
        using var blocked = new ManualResetEventSlim();
        var directory = new ProcessDirectory(
            pid =>
            {
                blocked.Wait();
                return new ProcessFacts(pid, Name: "python");
            }, time);
        var asking = Task.Run(() => directory.Of(new ProcessReading(42, null)));
        Assert.True(SpinWait.SpinUntil(() => time.Waiting > 0, At.Seconds(30)));
        time.Advance(ProcessDirectory.Patience);
        Assert.Equal(new ProcessFacts(42), await asking.WaitAsync(At.Seconds(30)));
        Assert.Equal(new ProcessFacts(43), directory.Of(new ProcessReading(43, null)));

        blocked.Set();
        Assert.True(SpinWait.SpinUntil(() => directory.Of(new ProcessReading(42, null)).Name == "python", At.Seconds(30)));
    }
}
