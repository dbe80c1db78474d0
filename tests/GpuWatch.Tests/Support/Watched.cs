using System.Reactive.Concurrency;
using System.Reactive.Linq;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Options;
using GpuWatch.Sampling;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Support;

/// <summary>The alerts that the same recorded GPU gives when it is replayed row by row, and when it is watched live in virtual time.</summary>
internal static class Watched
{
    public static List<Told> Replayed(IReadOnlyList<GpuFrame> frames, Job? job)
    {
        var events = new List<WatchEvent>();
        Pipeline.Events(frames.Select(frame => new Sweep(frame.TimeSeconds, [GpuOutcome.Of(frame)])).ToObservable(), _ => new DeviceWatch(frames[0].Gpu, _ => job))
            .Subscribe(events.Add);
        return Told.In(events);
    }

    /// <summary>Through the agent's own sampling: its ticks, its tempo, its probes.</summary>
    /// <param name="phaseSeconds">How long after the first row the watching begins.</param>
    public static List<Told> Live(IReadOnlyList<GpuFrame> frames, Job? job, SamplingOptions options, double phaseSeconds = 0)
    {
        var time = new HistoricalScheduler(Start + Seconds(frames[0].TimeSeconds + phaseSeconds));
        var events = new List<WatchEvent>();
        var tempo = new Tempo(options);
        var sweeps = Pipeline
            .Sweeps(() => new PlayedTrace(frames), options, new SelfMetrics(TimeProvider.System), () => tempo.Period, _ => { }, time)
            .TakeUntil(time.Now + Seconds(frames[^1].TimeSeconds - frames[0].TimeSeconds + 2), time)
            .Do(tempo.Accept);
        using var running = Pipeline.Events(sweeps, _ => new DeviceWatch(frames[0].Gpu, _ => job)).Do(tempo.Accept).Subscribe(events.Add);
        time.Start();
        return Told.In(events);
    }
}
