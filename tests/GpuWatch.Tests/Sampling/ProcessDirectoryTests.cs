using GpuWatch.Core.Sample;
using GpuWatch.Sampling;

namespace GpuWatch.Tests.Sampling;

public sealed class ProcessDirectoryTests
{
    private readonly ProcessDirectory directory;
    private int lookups;

    public ProcessDirectoryTests() => directory = new(pid => pid == 7 ? null : new ProcessFacts(pid, Name: $"python {++lookups}"));

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
        var directory = new ProcessDirectory(pid => new ProcessFacts(pid, StartTicks: 200, Name: "bash"));
        Assert.Null(directory.Of(new ProcessReading(42, null, StartTicks: 100)).Name);
        Assert.Equal("bash", directory.Of(new ProcessReading(42, null, StartTicks: 200)).Name);
    }
}
