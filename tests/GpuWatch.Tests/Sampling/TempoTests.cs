using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Sampling;

public sealed class TempoTests
{
    private readonly SamplingOptions options = new();
    private readonly Tempo tempo = new(new SamplingOptions());

    [Fact]
    public void Is_calm_while_nothing_is_about_to_happen() => Assert.Equal(options.Period, tempo.Period);

    [Fact]
    public void Is_fast_from_loading_through_the_first_step_and_calm_when_the_job_is_steady()
    {
        tempo.Accept(new PhaseChanged(0, 0, 7, JobPhase.Loading));
        Assert.Equal(options.FastPeriod, tempo.Period);
        tempo.Accept(new PhaseChanged(9, 0, 7, JobPhase.FirstStep));
        Assert.Equal(options.FastPeriod, tempo.Period);

        tempo.Accept(new PhaseChanged(12, 0, 7, JobPhase.Steady));

        Assert.Equal(options.Period, tempo.Period);
    }

    [Fact]
    public void A_process_that_never_gets_past_loading_does_not_keep_it_fast_for_ever()
    {
        tempo.Accept(new PhaseChanged(0, 0, 7, JobPhase.Loading));

        tempo.Accept(SweepWith(usedGiB: 1, at: options.FastAtMost.TotalSeconds + 1));

        Assert.Equal(options.Period, tempo.Period);
    }

    [Fact]
    public void Is_fast_while_the_forecast_is_worried_and_calm_when_the_process_is_gone()
    {
        tempo.Accept(new ForecastMade(0, 0, 7, 0.3, 0.9, ByteRange.Exactly(Bytes.FromGiB(20))));
        Assert.Equal(options.FastPeriod, tempo.Period);

        tempo.Accept(new PhaseChanged(12, 0, 7, JobPhase.Exited));

        Assert.Equal(options.Period, tempo.Period);
    }

    [Fact]
    public void Is_fast_while_a_device_is_nearly_full()
    {
        tempo.Accept(SweepWith(usedGiB: 15.5, at: 1));
        Assert.Equal(options.FastPeriod, tempo.Period);

        tempo.Accept(SweepWith(usedGiB: 8, at: 2));

        Assert.Equal(options.Period, tempo.Period);
    }

    [Fact]
    public void Is_fast_for_a_while_after_new_heights_and_calm_on_a_saw_tooth_below_them()
    {
        var second = 0.0;
        foreach (var gib in new[] { 4.0, 6, 4, 6, 4, 6, 4, 6, 4, 6, 4, 6, 4, 6 })
        {
            tempo.Accept(SweepWith(gib, at: second++));
        }
        Assert.Equal(options.Period, tempo.Period);

        tempo.Accept(SweepWith(6.5, at: second));
        Assert.Equal(options.FastPeriod, tempo.Period);
        tempo.Accept(SweepWith(6.5, at: second + 11));
        Assert.Equal(options.Period, tempo.Period);
    }

    [Fact]
    public void Is_fast_while_a_process_tells_of_its_own_allocator()
    {
        var frame = SweepWith(8, at: 1).Gpus[0].Frame!;
        tempo.Accept(new Sweep(1, [GpuOutcome.Of(frame with { Processes = [new ProcessReading(7, frame.Used, Bytes.FromGiB(6), Bytes.FromGiB(7))] })]));
        Assert.Equal(options.FastPeriod, tempo.Period);

        tempo.Accept(SweepWith(8, at: 2));

        Assert.Equal(options.Period, tempo.Period);
    }

    private static Sweep SweepWith(double usedGiB, double at)
    {
        var gpus = new FakeGpus();
        gpus.Use(usedGiB);
        return new Sweep(at, [gpus.Read(0, at, withProcesses: true)]);
    }
}
