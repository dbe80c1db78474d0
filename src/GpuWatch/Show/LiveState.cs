using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
using GpuWatch.Sampling;
using GpuWatch.Sinks;

namespace GpuWatch.Show;

/// <summary>
/// What the page, the API and the metrics show: the present, and the last minutes of it. The sampling thread writes, requests
/// read; both hold the lock only while they copy.
/// </summary>
internal sealed class LiveState(ProcessDirectory directory, TimeProvider time) : ISampleSink, IEventSink
{
    private readonly Lock guard = new();
    private readonly SortedDictionary<int, LiveGpu> gpus = [];
    private readonly SortedDictionary<(int Gpu, int Pid, AlertKind Kind), AlertRaised> alerts = [];
    private double now;
    private long? sweptAt;

    /// <summary>The static facts of the GPUs, told when a session with the driver opens.</summary>
    public void Introduce(IEnumerable<GpuInfo> infos)
    {
        lock (guard)
        {
            foreach (var info in infos)
            {
                Of(info.Index).Info = info;
            }
        }
    }

    public void Accept(Sweep sweep)
    {
        lock (guard)
        {
            now = sweep.TimeSeconds;
            sweptAt = time.GetTimestamp();
            foreach (var outcome in sweep.Gpus)
            {
                if (outcome.Fault?.Kind == FaultKind.Removed)
                {
                    gpus.Remove(outcome.Gpu);
                    continue;
                }
                Of(outcome.Gpu).Take(sweep.TimeSeconds, outcome, directory);
            }
        }
    }

    public void Accept(WatchEvent happened)
    {
        lock (guard)
        {
            switch (happened)
            {
                case AlertRaised raised:
                    alerts[Key(raised, raised.Alert.Kind)] = raised;
                    break;
                case AlertResolved resolved:
                    alerts.Remove(Key(resolved, resolved.Alert.Kind));
                    break;
                case PhaseChanged changed when Find(changed) is { } process:
                    process.Phase = changed.Phase;
                    break;
                case ForecastMade forecast when Find(forecast) is { } process:
                    process.Forecast = forecast;
                    break;
            }
        }
    }

    /// <summary>Reads under the lock: copy or write out what is needed, and keep nothing.</summary>
    public T Read<T>(Func<Present, T> read)
    {
        lock (guard)
        {
            return read(new Present(now, gpus.Values, alerts.Values));
        }
    }

    /// <summary>Seconds on the wall since the last sweep; infinite before the first.</summary>
    public double SweptAgoSeconds
    {
        get
        {
            lock (guard)
            {
                return sweptAt is { } at ? time.GetElapsedTime(at).TotalSeconds : double.PositiveInfinity;
            }
        }
    }

    /// <summary>What the job of a process was estimated to take; null without a job.</summary>
    public void Plan(int gpu, int? pid, Plan? plan)
    {
        lock (guard)
        {
            if (pid is { } known && gpus.TryGetValue(gpu, out var live) && live.Processes.TryGetValue(known, out var process))
            {
                process.Plan = plan;
            }
        }
    }

    /// <returns>Null for a process that is not there, or has no plan.</returns>
    public Plan? PlanOf(int gpu, int pid)
    {
        lock (guard)
        {
            return gpus.TryGetValue(gpu, out var live) && live.Processes.TryGetValue(pid, out var process) ? process.Plan : null;
        }
    }

    /// <returns>Short name of a process; null when it is unknown.</returns>
    public string? NameOf(int pid)
    {
        lock (guard)
        {
            foreach (var gpu in gpus.Values)
            {
                if (gpu.Processes.TryGetValue(pid, out var process))
                {
                    return process.Facts.Name;
                }
            }
            return null;
        }
    }

    /// <returns>Null for a GPU that has not been seen.</returns>
    public GpuInfo? InfoOf(int gpu)
    {
        lock (guard)
        {
            return gpus.TryGetValue(gpu, out var live) ? live.Info : null;
        }
    }

    private LiveGpu Of(int gpu) =>
        gpus.TryGetValue(gpu, out var live) ? live : gpus[gpu] = new LiveGpu(new GpuInfo(gpu, null, null, null, null, null));

    private LiveProcess? Find(WatchEvent happened) =>
        happened.Pid is { } pid && gpus.TryGetValue(happened.Gpu, out var gpu) ? gpu.Processes.GetValueOrDefault(pid) : null;

    private static (int, int, AlertKind) Key(WatchEvent happened, AlertKind kind) => (happened.Gpu, happened.Pid ?? -1, kind);
}

/// <summary>The state at the time of the last sweep.</summary>
/// <param name="TimeSeconds">Of the last sweep; 0 before the first.</param>
/// <param name="Gpus">By index.</param>
/// <param name="Alerts">Those that are firing.</param>
internal readonly record struct Present(
    double TimeSeconds, IReadOnlyCollection<LiveGpu> Gpus, IReadOnlyCollection<AlertRaised> Alerts)
{
    /// <summary>At most <paramref name="most"/> processes, the largest first, so that a machine with thousands of them does not flood a collector.</summary>
    public List<(GpuInfo Gpu, LiveProcess Process)> Largest(int most)
    {
        var all = new List<(GpuInfo Gpu, LiveProcess Process)>();
        foreach (var gpu in Gpus)
        {
            foreach (var process in gpu.Processes.Values)
            {
                all.Add((gpu.Info, process));
            }
        }
        if (all.Count > most)
        {
            all.Sort((a, b) => (b.Process.Reading.Used?.Count ?? 0).CompareTo(a.Process.Reading.Used?.Count ?? 0));
            all.RemoveRange(most, all.Count - most);
        }
        return all;
    }

    /// <summary>From now; 0 when that time is past, null for an alert that tells none.</summary>
    public double? SecondsUntilOom(AlertRaised raised) => raised.Alert is { Kind: AlertKind.OomRisk, EtaSeconds: { } eta }
        ? Math.Round(Math.Max(0, eta - (TimeSeconds - raised.TimeSeconds)), 3)
        : null;
}
