using System.Reactive.Concurrency;
using System.Reactive.Linq;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Sinks;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests;

public sealed class PipelineTests
{
    private readonly HistoricalScheduler time = new(Start + Seconds(0.4));
    private readonly SamplingOptions options = new();
    private readonly List<Fault> lost = [];

    [Fact]
    public void The_first_sweep_comes_at_once_and_the_others_on_the_grid()
    {
        var sampled = Times(() => new FakeGpus(), forSeconds: 3);

        Assert.Equal([0.4, 1, 2, 3], sampled);
    }

    [Fact]
    public void A_session_that_cannot_be_opened_is_told_and_tried_again_after_a_pause()
    {
        var attempts = 0;

        var sampled = Times(
            () => ++attempts < 3 ? throw new GpuSessionException(new Fault(FaultKind.DriverNotLoaded, "no driver")) : new FakeGpus(),
            forSeconds: 12);

        Assert.Equal(2, lost.Count);
        Assert.Equal([10.4, 11, 12], sampled);
    }

    [Fact]
    public void A_driver_reloaded_while_running_ends_the_session_closes_it_and_opens_another()
    {
        var sessions = new List<FakeGpus>();
        FakeGpus Open()
        {
            sessions.Add(new FakeGpus());
            return sessions[^1];
        }
        using var running = Pipeline.Sweeps(Open, options, new SelfMetrics(TimeProvider.System), () => options.Period, lost.Add, time).Subscribe();

        time.AdvanceTo(Start + Seconds(2.5));
        sessions[0].Fail(FaultKind.DriverReloaded);
        time.AdvanceTo(Start + Seconds(10));

        Assert.Equal(FaultKind.DriverReloaded, Assert.Single(lost).Kind);
        Assert.Equal(2, sessions.Count);
        Assert.True(sessions[0].IsDisposed);
        Assert.Equal(9, sessions[1].Reads[0].TimeSeconds);
    }

    [Fact]
    public void Gpus_that_have_come_open_another_session_at_once_and_no_sweep_is_missed()
    {
        var sessions = new List<FakeGpus>();
        FakeGpus Open()
        {
            Assert.All(sessions, session => Assert.True(session.IsDisposed));
            sessions.Add(new FakeGpus(sessions.Count + 1));
            return sessions[^1];
        }
        var sweeps = new List<(double, int)>();
        using var running = Pipeline.Sweeps(Open, options, new SelfMetrics(TimeProvider.System), () => options.Period, lost.Add, time)
            .Subscribe(sweep => sweeps.Add((sweep.TimeSeconds, sweep.Gpus.Length)));

        time.AdvanceTo(Start + Seconds(2.5));
        sessions[0].Changes = true;
        time.AdvanceTo(Start + Seconds(13));

        Assert.Equal([(0.4, 1), .. Enumerable.Range(1, 10).Select(second => ((double)second, 1)), (11, 2), (12, 2), (13, 2)], sweeps);
        Assert.Empty(lost);
    }

    [Fact]
    public void A_gpu_that_seems_lost_because_another_went_is_not_told_as_lost()
    {
        var first = new FakeGpus();
        var (source, sweeps) = (first, new List<Sweep>());
        using var running = Pipeline.Sweeps(() => source, options, new SelfMetrics(TimeProvider.System), () => options.Period, lost.Add, time).Subscribe(sweeps.Add);

        time.AdvanceTo(Start + Seconds(2.5));
        first.Fail(FaultKind.GpuLost);
        (first.Changes, source) = (true, new FakeGpus());
        time.AdvanceTo(Start + Seconds(4));

        Assert.Equal([0.4, 1, 2, 3, 4], sweeps.Select(sweep => sweep.TimeSeconds));
        Assert.All(sweeps, sweep => Assert.NotNull(sweep.Gpus[0].Frame));
    }

    [Fact]
    public void A_bug_in_the_source_is_an_error_and_not_tried_again()
    {
        Exception? seen = null;
        using var running = Pipeline
            .Sweeps(() => throw new InvalidOperationException("a bug"), options, new SelfMetrics(TimeProvider.System), () => options.Period, lost.Add, time)
            .Subscribe(_ => { }, error => seen = error);

        time.AdvanceBy(Seconds(1));

        Assert.IsType<InvalidOperationException>(seen);
    }

    [Fact]
    public async Task Each_gpu_has_its_own_fold_and_a_sweep_reaches_the_sinks_before_its_events()
    {
        var sink = new NotingSink();
        var sweeps = Pipeline
            .Sweeps(() => new FakeGpus(2), options, new SelfMetrics(TimeProvider.System), () => options.Period, lost.Add, time)
            .TakeUntil(Start + Seconds(1.5), time);
        var ended = Pipeline.RunAsync(sweeps, gpu => new DeviceWatch(gpu, _ => null), [sink], [sink]);

        time.AdvanceTo(Start + Seconds(2));

        await ended;
        Assert.Equal(["sweep 0.4", "Loading gpu 0", "Loading gpu 1", "sweep 1"], sink.Notes.Where(note => note != nameof(ForecastMade)).Take(4));
    }

    private List<double> Times(Func<IGpuSource> open, double forSeconds)
    {
        var sampled = new List<double>();
        using var running = Pipeline
            .Sweeps(open, options, new SelfMetrics(TimeProvider.System), () => options.Period, lost.Add, time)
            .Subscribe(sweep => sampled.Add(Math.Round(sweep.TimeSeconds, 3)));
        time.AdvanceTo(Start + Seconds(forSeconds));
        return sampled;
    }

    private sealed class NotingSink : ISampleSink, IEventSink
    {
        public List<string> Notes { get; } = [];

        public void Accept(Sweep sweep) => Notes.Add(FormattableString.Invariant($"sweep {sweep.TimeSeconds:0.###}"));

        public void Accept(WatchEvent happened) =>
            Notes.Add(happened is PhaseChanged changed ? $"{changed.Phase} gpu {happened.Gpu}" : happened.GetType().Name);
    }
}
