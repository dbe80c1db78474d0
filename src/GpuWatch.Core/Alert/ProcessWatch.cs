using System.Collections.Immutable;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Alert;

/// <summary>The folds over one process on one GPU, in their order.</summary>
internal sealed class ProcessWatch
{
    /// <summary>Why alerts end with the recording or the agent, though nothing else has.</summary>
    internal const string WatchedNoLonger = "It is watched no longer.";

    private readonly int gpu;
    /// <summary>What it is there for; null when its job is known, or nobody can say.</summary>
    private readonly Trade? trade;
    private readonly WatchOptions options;
    private readonly ProcessSeries series;
    private readonly Tenants tenants;
    private readonly Reconciler reconciler;
    private readonly Episode oom = new(AlertKind.OomRisk);
    private readonly ImmutableArray<Finding> looked;
    private readonly Episode[] findings;
    /// <summary>Causes it has been paged for since it was last out of danger.</summary>
    private readonly HashSet<Cause> paged = [];
    private double nextForecastSeconds = double.NegativeInfinity;
    private JobPhase? toldPhase;
    private GpuFrame? lastFrame;

    public ProcessWatch(int gpu, ProcessReading first, Job? job, Trade? trade, WatchOptions options, Tenants tenants)
    {
        (this.gpu, this.trade, this.options, this.tenants, Pid, StartTicks) = (gpu, trade, options, tenants, first.Pid, first.StartTicks);
        looked = first.Pid is null ? Finding.OfDevice : Finding.All;
        findings = [.. looked.Select(finding => new Episode(finding.Kind))];
        reconciler = new Reconciler(job, job is null ? null : Estimator.Estimate(job, options.Profile).Plan, options.Profile);
        series = new ProcessSeries(reconciler.Declared?.Phases is { } phases ? new(phases.Load, phases.FirstForward - phases.Load) : null);
    }

    public int? Pid { get; }
    public long? StartTicks { get; }
    public ProcessSeries Series => series;
    public Outlook Outlook { get; private set; }
    /// <summary>Frames in a row that did not list it.</summary>
    public int Absent { get; set; }

    public void Observe(GpuFrame frame, ProcessReading reading, List<WatchEvent> events)
    {
        lastFrame = frame;
        series.Observe(frame, reading);
        TellPhase(frame.TimeSeconds, events);
        if (reading.Used is null)
        {
            return;
        }
        reconciler.Observe(series);
        Outlook = Forecaster.Look(series, reconciler, trade, options.Constants, isDevice: Pid is null);
        JudgeFindings(frame.TimeSeconds, events);
        JudgeOom(frame.TimeSeconds, events);
        TellForecast(frame.TimeSeconds, events);
    }

    /// <summary>The process is gone, or the recording is over.</summary>
    public void Close(double time, bool exited, List<WatchEvent> events)
    {
        // What was told of it, whatever its last samples show: at the wall it gives cache back and no longer grows.
        var hasLeaked = Standing().Any(alert => alert.Cause == Cause.Leak);
        var because = exited ? "The process has ended." : WatchedNoLonger;
        oom.Calm(time, gpu, Pid, 0, because, events);
        foreach (var episode in findings)
        {
            episode.Calm(time, gpu, Pid, 0, because, events);
        }
        if (exited)
        {
            events.Add(new PhaseChanged(time, gpu, Pid, JobPhase.Exited));
        }
        if (lastFrame is { } frame)
        {
            events.Add(Closing(time, frame, hasLeaked));
        }
    }

    private Reconciled Closing(double time, GpuFrame frame, bool hasLeaked)
    {
        var account = Account();
        var inferred = account is null && Pid is not null ? Inference.Of(series) : null;
        return new(
            time, gpu, Pid, series.IsSeen ? series.HighWater : null, reconciler.Declared?.PeakDevice.Likely, account?.Observed ?? inferred?.Observed, reconciler.Declared?.Components, BridgeOf(frame),
            account is null ? inferred?.Words : Judgement.Of(series, reconciler, account.Unexplained, hasLeaked, tenants.Blamed(this)))
        {
            Posterior = account?.Posterior,
            Unexplained = account?.Unexplained,
        };
    }

    public ProcessView View => new(Pid, series.ToldPhase, series.Used, series.HighWater, reconciler.Declared, reconciler.Plan, Outlook, Standing());

    private void TellPhase(double time, List<WatchEvent> events)
    {
        if (series.ToldPhase != toldPhase)
        {
            toldPhase = series.ToldPhase;
            events.Add(new PhaseChanged(time, gpu, Pid, series.ToldPhase));
        }
    }

    /// <summary>Null where nothing is known of the job.</summary>
    private ComponentAccount? Account() => reconciler.Plan is { } plan ? ComponentAccount.Of(series, plan) : null;

    private ImmutableArray<Alert> Standing() => [.. findings.Prepend(oom).Select(episode => episode.Standing).OfType<Alert>()];

    private void JudgeFindings(double time, List<WatchEvent> events)
    {
        for (var i = 0; i < findings.Length; i++)
        {
            var finding = looked[i];
            if (!finding.Stands(series, reconciler))
            {
                findings[i].Calm(time, gpu, Pid, options.ResolveAfterSeconds, "It is over.", events);
            }
            else if (findings[i].Standing is null)
            {
                findings[i].Raise(time, gpu, Pid, finding.Tell(series, reconciler, tenants.Blamed(this)), events);
            }
            else
            {
                findings[i].Hold();
            }
        }
    }

    private void JudgeOom(double time, List<WatchEvent> events)
    {
        var probability = Outlook.OomEver;
        if (Outlook.Deciding is { } threat && probability >= options.WarningProbability)
        {
            var severity = probability >= options.CriticalProbability ? Severity.Critical : Severity.Warning;
            if (oom.Standing is { } standing && severity == Severity.Critical && IsAnotherEpisode(standing, threat))
            {
                oom.Calm(time, gpu, Pid, 0, "What was feared is over; something else is not.", events);
            }
            if (oom.Standing is null || severity > oom.Standing.Severity)
            {
                oom.Raise(time, gpu, Pid, OomSentence.Of(severity, Outlook, threat, series, reconciler, tenants.Blamed(this)), events);
                if (severity == Severity.Critical)
                {
                    paged.Add(threat.Cause);
                }
            }
            oom.Hold();
        }
        else if (probability < options.WarningProbability * options.ResolveShare)
        {
            oom.Calm(time, gpu, Pid, options.ResolveAfterSeconds, "What was feared has not come.", events);
            if (oom.Standing is null)
            {
                paged.Clear();
            }
        }
        else
        {
            oom.Hold();
        }
    }

    /// <summary>A job that survived the first step it was warned of, or meets another trouble than any it was paged for, is in another episode.</summary>
    private bool IsAnotherEpisode(Alert standing, Threat threat) =>
        !paged.Contains(threat.Cause) && standing.Severity == Severity.Critical && standing.Cause is { } cause && cause != threat.Cause && (IsFirstStep(cause) || threat.Cause is Cause.Leak or Cause.Evaluation or Cause.Neighbour)
        && !IsFirstStep(threat.Cause);

    private static bool IsFirstStep(Cause cause) => cause is Cause.Load or Cause.FirstForward or Cause.FirstBackward or Cause.FirstOptimizer;

    private void TellForecast(double time, List<WatchEvent> events)
    {
        if (time >= nextForecastSeconds)
        {
            nextForecastSeconds = Math.Max(time, nextForecastSeconds + options.ForecastEverySeconds);
            nextForecastSeconds = nextForecastSeconds <= time ? time + options.ForecastEverySeconds : nextForecastSeconds;
            var account = Account();
            events.Add(new ForecastMade(time, gpu, Pid, Outlook.OomWithin60s, Outlook.OomWithin600s, Outlook.PredictedPeak)
            {
                Cause = Outlook.Deciding?.Cause,
                Observed = account?.Observed,
                Unexplained = account?.Unexplained,
            });
        }
    }

    private static Bridge BridgeOf(GpuFrame frame)
    {
        Bytes? processes = frame.Processes.IsEmpty ? Bytes.Zero : null;
        foreach (var process in frame.Processes)
        {
            processes = process.Used is { } used ? (processes ?? Bytes.Zero) + used : processes;
        }
        return new Bridge(processes, frame.Reserved, frame.Unattributed, frame.Total - frame.Available);
    }
}
