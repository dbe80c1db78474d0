using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Options;
using GpuWatch.Sinks;

namespace GpuWatch.Sampling;

/// <summary>
/// How fast to sample: calm, or fast while memory can change its fate within a second: a job is loading or in its first
/// steps, a device is nearly full or has just reached new heights, the forecast is worried, or a process tells of its own
/// allocator, whose live bytes change within each step. A saw-tooth below its old heights is no reason. Driven by what the folds
/// say; has no clock of its own.
/// </summary>
internal sealed class Tempo(SamplingOptions options) : ISampleSink, IEventSink
{
    /// <summary>Above what is said of every newcomer of whom nothing is known (0.16): that alone is no reason to look closer.</summary>
    private const double WorryingProbability = 0.2;
    private const double NearlyFull = 0.95;
    private const double FastAfterRecordSeconds = 10;
    private static readonly Bytes Rise = Bytes.FromMiB(1);

    private readonly Dictionary<(int Gpu, int? Pid), double> unsettledUntil = [];
    private readonly HashSet<(int Gpu, int? Pid)> worried = [];
    private readonly HashSet<int> crowded = [];
    private readonly Dictionary<int, (Bytes Record, int Tenants)> heights = [];
    private readonly HashSet<int> telling = [];
    private double risingUntil;
    private double now;

    public TimeSpan Period => IsFast ? options.FastPeriod : options.Period;

    public bool IsFast
    {
        get
        {
            foreach (var until in unsettledUntil.Values)
            {
                if (now < until)
                {
                    return true;
                }
            }
            return worried.Count > 0 || crowded.Count > 0 || telling.Count > 0 || now < risingUntil;
        }
    }

    public void Accept(Sweep sweep)
    {
        now = sweep.TimeSeconds;
        foreach (var outcome in sweep.Gpus)
        {
            var full = outcome.Frame is { } frame && frame.Available < frame.Total * (1 - NearlyFull);
            _ = full ? crowded.Add(outcome.Gpu) : crowded.Remove(outcome.Gpu);
            _ = outcome.Frame?.TellsOfItself is true ? telling.Add(outcome.Gpu) : telling.Remove(outcome.Gpu);
            Climb(outcome.Frame);
        }
    }

    /// <summary>Who comes or goes begins a new record; memory above it is news worth following closely for a while.</summary>
    private void Climb(GpuFrame? frame)
    {
        if (frame is null)
        {
            return;
        }
        var known = heights.TryGetValue(frame.Gpu, out var height) && height.Tenants == frame.Processes.Length;
        if (known && frame.Used > height.Record + Rise)
        {
            risingUntil = now + FastAfterRecordSeconds;
        }
        heights[frame.Gpu] = (known ? Bytes.Max(height.Record, frame.Used) : frame.Used, frame.Processes.Length);
    }

    public void Accept(WatchEvent happened)
    {
        var key = (happened.Gpu, happened.Pid);
        switch (happened)
        {
            case PhaseChanged { Phase: JobPhase.Loading or JobPhase.FirstStep }:
                unsettledUntil[key] = happened.TimeSeconds + options.FastAtMost.TotalSeconds;
                break;
            case PhaseChanged changed:
                unsettledUntil.Remove(key);
                if (changed.Phase == JobPhase.Exited)
                {
                    worried.Remove(key);
                }
                break;
            case ForecastMade forecast:
                _ = forecast.OomWithin60s >= WorryingProbability ? worried.Add(key) : worried.Remove(key);
                break;
        }
    }
}
