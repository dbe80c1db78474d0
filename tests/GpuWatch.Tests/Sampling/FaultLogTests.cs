using GpuWatch.Core.Sample;
using GpuWatch.Sampling;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Sampling;

public sealed class FaultLogTests
{
    private readonly List<string> said = [];

    [Fact]
    public void A_fault_is_told_when_it_comes_when_it_changes_and_when_it_is_over()
    {
        var log = new FaultLog(said.Add);
        log.Accept(Sweeps.Of(0));
        log.Accept(Failing(1, FaultKind.Unknown, "GPU 0: unknown error (999)."));
        log.Accept(Failing(2, FaultKind.Unknown, "GPU 0: unknown error (999)."));
        log.Accept(Failing(3, FaultKind.NoPermission, "GPU 0: no permission."));
        log.Accept(Sweeps.Of(4));
        log.Accept(Sweeps.Of(5));

        Assert.Equal(["GPU 0: unknown error (999).", "GPU 0: no permission.", "GPU 0 gives data again."], said);
    }

    [Fact]
    public void One_late_answer_is_no_news()
    {
        var log = new FaultLog(said.Add);
        log.Accept(Failing(1, FaultKind.Timeout, "GPU 0: late."));
        log.Accept(Sweeps.Of(2));

        Assert.Empty(said);
    }

    private static Sweep Failing(double time, FaultKind kind, string reason) => new(time, [GpuOutcome.Of(0, new Fault(kind, reason))]);
}
