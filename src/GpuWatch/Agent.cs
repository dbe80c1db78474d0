using System.Globalization;
using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using GpuWatch.Commands;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.InProcess;
using GpuWatch.Jobs;
using GpuWatch.Nvml;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Show.Http;
using GpuWatch.Sinks;

namespace GpuWatch;

/// <summary>The agent's parts, put together: one session with the driver, the pipeline, its sinks and the HTTP server.</summary>
internal sealed class Agent(AgentOptions options, Surroundings around)
{
    /// <summary>How long the sinks may take to flush when the agent ends; Ctrl-C must end it within a second.</summary>
    private static readonly TimeSpan FlushPatience = TimeSpan.FromMilliseconds(700);

    private readonly SelfMetrics self = new(around.Time);
    private readonly SinkSet sinks = new();
    private GpuSession? opened;

    /// <summary>Shows the present somewhere; closed at the end. Null: only the page does.</summary>
    public Func<LiveState, IAsyncDisposable>? Screen { get; init; }

    /// <summary>A sink that is to be told of everything; closed at the end.</summary>
    public void AddSink(Func<SelfMetrics, object> sink) => sinks.Add(sink(self));

    /// <summary>Opens the first session with the driver; else RunAsync does. For who must know beforehand whether there is anything to watch.</summary>
    /// <exception cref="BadInputException">The library that was named cannot be used.</exception>
    public void Open() => opened ??= GpuSession.Start(options.Nvml, around.Environment, around.Time, patience: null, around.Stop);

    /// <param name="declared">The job of a process as its user declared it; null: nobody did (the simulated node has declarations of its own).</param>
    /// <param name="lasts">How long it runs; null: until it is stopped.</param>
    public async Task<int> RunAsync(Func<int, ProcessReading, ProcessFacts?, Job?>? declared, TimeSpan? lasts)
    {
        Open();
        using var session = opened!;
        var jobOf = declared ?? SimulatedJobs(session);
        if (session.Fault is { } fault && options.Nvml.RequireGpu)
        {
            Say($"{fault.Reason} A GPU is required: nothing is watched.");
            return ExitCode.Failed;
        }
        var scheduler = Clock(session);
        using var service = sinks.Add(new ServiceManager(around.Environment, around.Time));
        var tempo = sinks.Add(new Tempo(options.Sampling));
        sinks.Add(new Housekeeping());
        var directory = GpuSession.Directory(around.Time);
        var live = sinks.Add(new LiveState(directory, around.Time));
        var jobs = new DeclaredJobs(jobOf, directory);
        new Outlets(options, session, self, live, directory, jobs.Of, Say, around.Time).AddTo(sinks);
        sinks.Add(jobs);
        sinks.Add(new FaultLog(Say));
        if (Screen is { } screen)
        {
            sinks.Add(screen(live));
        }
        using var channel = options.Sampling.InProcess && TellerFile.CanBeRead
            ? new TellerChannel(new TellerFile().Look, around.Time, Say, self.Refuse)
            : null;
        var feed = sinks.Add(new EventFeed(around.Time.GetUtcNow().ToUnixTimeSeconds()));
        using var blind = new CancellationTokenSource();
        var sweeps = Pipeline
            .Sweeps(() => Introduced(Telling(session.Open(), channel), live), options.Sampling, self, () => tempo.Period, lost => Lost(lost, service, blind), scheduler)
            .TakeUntil(End(lasts, blind.Token));
        var running = Pipeline.RunAsync(sweeps, gpu => new DeviceWatch(gpu, process => Declared(gpu, process), options.Costs.In(new() { Profile = options.Profile }), process => directory.Of(process)?.Name, process => CommandWords.Of(directory.Of(process).CommandLine)), sinks.Samples, sinks.Events);
        await using var http = await ServeOrEndAsync().ConfigureAwait(false);
        service.Ready("watching", options.Sampling.Heartbeat);
        await running.ConfigureAwait(false);
        service.Stopping();
        if (!await sinks.CloseAsync(FlushPatience, Say, around.Time).ConfigureAwait(false))
        {
            Say("some sinks could not be flushed in time");
        }
        return blind.IsCancellationRequested ? ExitCode.Failed : around.Stop.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done;

        // Sampling has begun by then: the first sweep comes sooner so. What was seen is not lost with an address that is taken.
        async Task<HttpServer?> ServeOrEndAsync()
        {
            try
            {
                return await ServeAsync(live, feed).ConfigureAwait(false);
            }
            catch (IOException)
            {
                blind.Cancel();
                await running.ConfigureAwait(false);
                await sinks.CloseAsync(FlushPatience, Say, around.Time).ConfigureAwait(false);
                throw;
            }
        }

        Job? Declared(int gpu, ProcessReading process)
        {
            var job = jobs.Decide(gpu, process);
            live.Plan(gpu, process.Pid, job is null ? null : Estimator.Estimate(job, options.Profile).Plan);
            return job;
        }
    }

    private Func<int, ProcessReading, ProcessFacts?, Job?> SimulatedJobs(GpuSession session)
    {
        if (session.SimulatedJobs is not { } path)
        {
            return (_, _, _) => null;
        }
        var folder = new JobFolder(path, Say);
        return (_, _, facts) => facts is null ? null : folder.Of(facts);
    }

    private static IGpuSource Telling(IGpuSource source, TellerChannel? channel) => channel is null ? source : new TellingGpus(source, channel);

    /// <param name="live">Knows the GPUs of the sessions before.</param>
    private IGpuSource Introduced(IGpuSource source, LiveState live)
    {
        var isFirst = live.Read(present => present.Gpus.Count == 0);
        foreach (var gpu in source.Gpus.Where(gpu => !isFirst && live.InfoOf(gpu.Index) is null))
        {
            Say($"GPU {gpu.Index} ({gpu.Name ?? "unknown"}, {gpu.Uuid}) has come and is watched too.");
        }
        live.Introduce(source.Gpus);
        return source;
    }

    /// <summary>The simulator may play faster than the world; then the agent lives in its time, and both begin with the agent's first reading.</summary>
    private IScheduler Clock(GpuSession session)
    {
        if (SimulatedClock.TimeSeconds is not { } played)
        {
            return around.Scheduler;
        }
        var speed = Speed();
        if (speed == 1)
        {
            SayWhatIsSimulated(session, around.Scheduler.Now - TimeSpan.FromSeconds(played), speed);
            return around.Scheduler;
        }
        var first = TimeSpan.FromSeconds(SimulatedClock.Take());
        // In whole seconds, so that the sampling's grid lies on the simulator's time.
        var zero = DateTimeOffset.FromUnixTimeSeconds((around.Scheduler.Now - first).ToUnixTimeSeconds());
        SayWhatIsSimulated(session, zero, speed);
        return new PlayedScheduler(around.Scheduler, speed, zero + first, now => SimulatedClock.MoveTo((now - zero).TotalSeconds));
    }

    private void SayWhatIsSimulated(GpuSession session, DateTimeOffset zero, double speed)
    {
        var what = session.IsFallback ? "no NVIDIA driver here, so this watches a simulated node of recorded jobs" : "the library is the simulator";
        Say(string.Create(CultureInfo.InvariantCulture, $"{what} (its time 0 is {(zero - DateTimeOffset.UnixEpoch).TotalSeconds:0.000}; speed {speed})"));
    }

    private double Speed()
    {
        if (around.Environment("GPUWATCH_SIM_SPEED") is not { Length: > 0 } text)
        {
            return 1;
        }
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var speed) && speed > 0 && double.IsFinite(speed)
            ? speed
            : throw new BadInputException("GPUWATCH_SIM_SPEED", $"'{Plain.Text(text)}' is no speed", "a positive number is expected");
    }

    private IObservable<Unit> End(TimeSpan? lasts, CancellationToken blind)
    {
        var stopped = Stopped(around.Stop).Merge(Stopped(blind));
        return lasts is { } duration ? stopped.Merge(Observable.Timer(duration, around.Scheduler).Select(_ => Unit.Default)) : stopped;
    }

    private static IObservable<Unit> Stopped(CancellationToken by) => Observable.Create<Unit>(observer => by.Register(() => observer.OnNext(Unit.Default)));

    private async Task<HttpServer?> ServeAsync(LiveState live, EventFeed feed)
    {
        if (options.Http.Listen is not { } endpoint)
        {
            return null;
        }
        var metrics = new Metrics(live, self, AgentVersion.Number, AgentVersion.Commit, options.Http.MostProcesses);
        try
        {
            var server = await HttpServer.StartAsync(options.Http, new Routes(live, metrics, self.Sinks, feed, options.Sampling.Heartbeat, around.Time, options.Store.Path is { } store ? new StoredSeries(store).Read : null), around.Stop).ConfigureAwait(false);
            Say($"page, metrics and API on {server.Address}");
            return server;
        }
        catch (IOException failure) when (!options.Http.IsListenGiven)
        {
            Say($"no page and no metrics: {endpoint} cannot be listened on ({failure.Message}); name another address with --listen");
            return null;
        }
    }

    private void Lost(Fault fault, ServiceManager service, CancellationTokenSource blind)
    {
        if (fault.Kind == FaultKind.DriverReloaded && service.IsThere)
        {
            // Only a new process can read the new driver; who started this one starts that one.
            Say($"{fault.Reason} Ending, to be started again.");
            blind.Cancel();
            return;
        }
        service.Alive();
        Say($"{fault.Reason} Trying again every {Duration.InWords(options.Sampling.ReopenAfter.TotalSeconds)}.");
    }

    private void Say(string what) => around.Error.WriteLine($"gpuwatch: {what}");
}
