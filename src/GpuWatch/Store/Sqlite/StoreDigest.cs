using GpuWatch.Core.Forecast;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Sampling;

namespace GpuWatch.Store.Sqlite;

/// <summary>
/// What is stored of sweeps and events: a fold with no clock and no database, cut into batches. A value is stored when it moves and
/// once in each 10 s, so that a plateau costs almost nothing and a series that stops is seen to stop; the roll-ups count every sample.
/// A forecast stands until another is stored.
/// </summary>
/// <param name="json">The line an event is printed as.</param>
/// <param name="whoIs">Who a process is, as far as anybody knows.</param>
/// <param name="driverOf">Version of the driver of a GPU, as far as it is known.</param>
internal sealed class StoreDigest(Func<WatchEvent, string> json, Func<ProcessReading, ProcessFacts> whoIs, Func<int, string?> driverOf)
{
    private const double RepeatSeconds = 10;

    /// <summary>Processes remembered as told; beyond, they are told again, which the store notices.</summary>
    private const int MostIntroduced = 4096;

    private readonly Rollup[] rollups = [.. Retention.Levels.Where(level => level.EverySeconds > 0).Select(level => new Rollup(level.EverySeconds))];
    private readonly Dictionary<int, GpuPoint> gpus = [];
    private readonly Dictionary<(int Gpu, int Pid), ProcessPoint> processes = [];
    private readonly Dictionary<int, (long? Started, string? Framework)> introduced = [];
    private readonly Dictionary<(int Gpu, int? Pid), (double? Started, bool Exited)> runs = [];
    private readonly Dictionary<(int Gpu, int? Pid), ForecastMade> forecasts = [];
    private double repeatSpan = double.NaN;
    private StoreBatch batch = new();

    public void Take(Sweep sweep)
    {
        batch.LatestSeconds = sweep.TimeSeconds;
        var span = Math.Floor(sweep.TimeSeconds / RepeatSeconds);
        if (span != repeatSpan)
        {
            repeatSpan = span;
            gpus.Clear();
            processes.Clear();
        }
        foreach (var outcome in sweep.Gpus)
        {
            if (outcome.Frame is { } frame)
            {
                Take(frame);
            }
        }
    }

    /// <param name="job">What the process was declared to be; null when nobody said.</param>
    public void Take(WatchEvent happened, Job? job)
    {
        batch.LatestSeconds = Math.Max(batch.LatestSeconds, happened.TimeSeconds);
        if (happened is ForecastMade forecast && StandsAlready(forecast))
        {
            return;
        }
        batch.Events.Add(new EventPoint(happened.TimeSeconds, happened.Gpu, happened.Pid, json(happened)));
        var key = (happened.Gpu, happened.Pid);
        switch (happened)
        {
            case PhaseChanged { Phase: JobPhase.Loading }:
                runs[key] = (happened.TimeSeconds, false);
                break;
            case PhaseChanged { Phase: JobPhase.Exited }:
                runs[key] = (runs.GetValueOrDefault(key).Started, true);
                break;
            case Reconciled account:
                runs.Remove(key, out var run);
                forecasts.Remove(key);
                if (account.ObservedPeak is not null)
                {
                    batch.Runs.Add(new RunPoint(
                        run.Started, run.Exited, job, account, json(happened), Inert(driverOf(happened.Gpu)), happened.Pid is { } pid ? introduced.GetValueOrDefault(pid).Framework : null));
                }
                break;
        }
    }

    private bool StandsAlready(ForecastMade forecast)
    {
        var key = (forecast.Gpu, forecast.Pid);
        if (forecasts.TryGetValue(key, out var before) && before with { TimeSeconds = forecast.TimeSeconds } == forecast)
        {
            return true;
        }
        forecasts[key] = forecast;
        return false;
    }

    /// <summary>Hands out what has been gathered since the last cut.</summary>
    /// <param name="last">No more will come: the open spans are handed out too.</param>
    public StoreBatch Cut(bool last)
    {
        if (last)
        {
            foreach (var rollup in rollups)
            {
                rollup.Drain(batch.Rollups);
            }
        }
        var cut = batch;
        batch = new StoreBatch { LatestSeconds = cut.LatestSeconds };
        return cut;
    }

    private void Take(GpuFrame frame)
    {
        var gpu = new GpuPoint(frame.TimeSeconds, frame.Gpu, frame.Used.Count, frame.Total.Count, frame.Reserved?.Count, frame.Free?.Count);
        if (!gpus.TryGetValue(frame.Gpu, out var before) || before with { TimeSeconds = frame.TimeSeconds } != gpu)
        {
            gpus[frame.Gpu] = gpu;
            batch.Gpus.Add(gpu);
        }
        Roll(frame.TimeSeconds, frame.Gpu, null, gpu.Used);
        foreach (var process in frame.Processes)
        {
            // Without a pid it is the device, which is stored already.
            if (process.Pid is { } pid)
            {
                Take(frame, pid, process);
            }
        }
    }

    private void Take(GpuFrame frame, int pid, ProcessReading process)
    {
        var point = new ProcessPoint(
            frame.TimeSeconds, frame.Gpu, pid, process.Used?.Count, process.TorchAllocated?.Count, process.TorchReserved?.Count);
        var key = (frame.Gpu, pid);
        Introduce(frame.TimeSeconds, pid, process);
        if (!processes.TryGetValue(key, out var before) || before with { TimeSeconds = frame.TimeSeconds } != point)
        {
            processes[key] = point;
            batch.Processes.Add(point);
        }
        if (point.Used is { } used)
        {
            Roll(frame.TimeSeconds, frame.Gpu, pid, used);
        }
    }

    private void Introduce(double timeSeconds, int pid, ProcessReading process)
    {
        if (introduced.TryGetValue(pid, out var told) && told.Started == process.StartTicks)
        {
            return;
        }
        if (introduced.Count >= MostIntroduced)
        {
            introduced.Clear();
        }
        var facts = whoIs(process);
        introduced[pid] = (process.StartTicks, CommandFramework.Of(facts.CommandLine));
        batch.Identities.Add(new IdentityPoint(
            timeSeconds, pid, process.StartTicks, Inert(facts.Name), Inert(facts.User), Inert(facts.SlurmJob), Inert(facts.Container), Inert(facts.Pod)));
    }

    private static string? Inert(string? text) => text is null ? null : Plain.Text(text);

    private void Roll(double timeSeconds, int gpu, int? pid, long used)
    {
        foreach (var rollup in rollups)
        {
            rollup.Take(timeSeconds, gpu, pid, used, batch.Rollups);
        }
    }
}
