using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Jobs;

namespace GpuWatch.Backtest;

/// <summary>The product itself as a rule: the live folds over the recorded frames.</summary>
internal static class Folds
{
    /// <param name="withJob">False: the folds are not shown the declaration.</param>
    public static Outcome Replay(RecordedJob job, bool withJob, WatchOptions options)
    {
        var events = new List<WatchEvent>();
        var assignment = new JobAssignment(withJob ? job.Declared : null, pid: null);
        var watch = new DeviceWatch(0, process => assignment.Of(0, process), options);
        foreach (var frame in job.Frames)
        {
            watch.Observe(frame, events);
        }
        watch.Finish(job.Frames[^1].TimeSeconds, events);
        var alarms = events.OfType<AlertRaised>()
            .Where(raised => raised.Alert is { Kind: AlertKind.OomRisk, Severity: Severity.Critical })
            .Select(raised => raised.TimeSeconds)
            .ToArray();
        return new Outcome(job, alarms, events);
    }
}
