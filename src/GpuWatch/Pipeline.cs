using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Sinks;

namespace GpuWatch;

/// <summary>The whole wiring: sample → observe → forecast → alert → store and show.</summary>
internal static class Pipeline
{
    /// <summary>
    /// Sweeps at the pace of <paramref name="period"/>, the first at once. A session with the driver that cannot be opened, or
    /// ends, is told to <paramref name="lost"/> and opened again after a pause; one whose GPUs have changed is opened again at once.
    /// What fails on one GPU only is in the sweep.
    /// </summary>
    public static IObservable<Sweep> Sweeps(
        Func<IGpuSource> open, SamplingOptions options, SelfMetrics self, Func<TimeSpan> period, Action<Fault> lost, IScheduler scheduler) =>
        Observable
            .Using(open, source => Sampled(new Sampler(source, options, self), period, scheduler))
            .SubscribeOn(scheduler)
            .RetryWhen(failures => failures
                .SelectMany(failure => failure switch
                {
                    GpusChangedException => Observable.Timer(TimeSpan.Zero, scheduler),
                    GpuSessionException end => Observable.Return(end.Fault).Do(lost).SelectMany(_ => Observable.Timer(options.ReopenAfter, scheduler)),
                    _ => Observable.Throw<long>(failure),
                }));

    private static IObservable<Sweep> Sampled(Sampler sampler, Func<TimeSpan> period, IScheduler scheduler) =>
        Observable
            .Defer(() => Observable.Return(scheduler.Now))
            .Concat(Ticks.Every(period, scheduler))
            .Select(sampler.Take)
            .Where(sweep => sweep.Gpus.Length > 0);

    /// <summary>
    /// The events of all GPUs in order of time, each GPU through its own fold; when the sweeps end, each fold closes its accounts
    /// at the time of the last sweep.
    /// </summary>
    public static IObservable<WatchEvent> Events(IObservable<Sweep> sweeps, Func<int, DeviceWatch> watchOf) =>
        Observable.Defer(() =>
        {
            var latest = 0d;
            return sweeps
                .Do(sweep => latest = sweep.TimeSeconds)
                .SelectMany(sweep => sweep.Gpus, (sweep, outcome) => (sweep.TimeSeconds, Outcome: outcome))
                .GroupBy(read => read.Outcome.Gpu)
                .SelectMany(gpu => gpu.Through(new GpuFold(watchOf(gpu.Key)), () => latest));
        });

    private static IObservable<WatchEvent> Through(
        this IObservable<(double TimeSeconds, GpuOutcome Outcome)> gpu, GpuFold fold, Func<double> latest) =>
        gpu
            .SelectMany(read => fold.Take(read.TimeSeconds, read.Outcome))
            .Concat(Observable.Defer(() => fold.Finish(latest()).ToObservable()));

    /// <summary>Runs until <paramref name="sweeps"/> end. A sweep reaches the sinks before the events it caused.</summary>
    public static async Task RunAsync(
        IObservable<Sweep> sweeps, Func<int, DeviceWatch> watchOf,
        IReadOnlyList<ISampleSink> sampleSinks, IReadOnlyList<IEventSink> eventSinks)
    {
        var shared = sweeps.Publish();
        using var samples = shared.Subscribe(sweep => Each(sampleSinks, sink => sink.Accept(sweep)), _ => { });
        var ended = Events(shared, watchOf)
            .Do(happened => Each(eventSinks, sink => sink.Accept(happened)))
            .LastOrDefaultAsync()
            .ToTask();
        using var running = shared.Connect();
        await ended.ConfigureAwait(false);
    }

    private static void Each<T>(IReadOnlyList<T> sinks, Action<T> accept)
    {
        for (var i = 0; i < sinks.Count; i++)
        {
            accept(sinks[i]);
        }
    }
}
