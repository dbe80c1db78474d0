using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Sampling;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Jobs;

public sealed class DeclaredJobsTests
{
    private static readonly ProcessReading Process = new(4242, Bytes.FromGiB(1), StartTicks: 7);

    [Fact]
    public void What_was_declared_is_still_known_when_the_process_is_gone()
    {
        var alive = true;
        var directory = new ProcessDirectory(pid => alive ? new ProcessFacts(pid, 7, "python") : null, new ManualTime());
        var jobs = new DeclaredJobs((_, _, facts) => facts?.Name == "python" ? new Job { ModelName = "gpt2" } : null, directory);
        jobs.Decide(0, Process);
        alive = false;

        Assert.Equal("gpt2", jobs.Of(0, 4242)?.ModelName);
        Assert.Null(jobs.Of(1, 4242));
    }

    [Fact]
    public void With_its_account_a_process_is_forgotten_so_that_its_number_can_be_anothers()
    {
        var jobs = new DeclaredJobs((_, _, _) => new Job { ModelName = "gpt2" }, ProcessDirectory.Empty(TimeProvider.System));
        jobs.Decide(0, Process);
        jobs.Accept(Account(4242));

        Assert.Null(jobs.Of(0, 4242));
    }

    private static Reconciled Account(int pid) =>
        new(10, 0, pid, Bytes.FromGiB(1), null, null, null, new Bridge(Bytes.Zero, null, null, Bytes.Zero), null);
}
