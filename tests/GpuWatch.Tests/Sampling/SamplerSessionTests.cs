using GpuWatch.Core.Sample;
using GpuWatch.Options;
using GpuWatch.Sampling;
using NSubstitute;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Sampling;

public sealed class SamplerSessionTests
{
    private readonly IGpuSource source = Substitute.For<IGpuSource>();
    private readonly Sampler sampler;

    public SamplerSessionTests()
    {
        source.Gpus.Returns([new GpuInfo(0, null, null, null, null, null)]);
        sampler = new Sampler(source, new SamplingOptions(), new SelfMetrics(TimeProvider.System));
    }

    [Fact]
    public void A_driver_that_was_replaced_is_told_once_and_then_ends_the_session_without_another_call()
    {
        source.Read(0, Arg.Any<double>(), Arg.Any<bool>()).Returns(GpuOutcome.Of(0, new Fault(FaultKind.DriverReloaded, "replaced")));

        var told = sampler.Take(Start + Seconds(1));

        Assert.Equal("replaced", told.Gpus[0].Fault!.Reason);
        Assert.Throws<GpuSessionException>(() => sampler.Take(Start + Seconds(2)));
        source.Received(1).Read(0, 1, true);
        source.DidNotReceive().Read(0, 2, Arg.Any<bool>());
    }

    [Fact]
    public void A_gpu_that_is_lost_is_asked_again_with_the_next_sweep()
    {
        source.Read(0, Arg.Any<double>(), Arg.Any<bool>()).Returns(GpuOutcome.Of(0, new Fault(FaultKind.GpuLost, "lost")));

        sampler.Take(Start + Seconds(1));
        sampler.Take(Start + Seconds(2));

        source.Received().Read(0, 2, true);
    }
}
