using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Sample;

namespace GpuWatch.Backtest;

/// <summary>What a rule said of a job.</summary>
/// <param name="AlarmSeconds">Times at which it raised a critical alarm of running out of memory, in order.</param>
/// <param name="Events">All it said; empty for the baselines.</param>
internal sealed record Outcome(RecordedJob Job, IReadOnlyList<double> AlarmSeconds, IReadOnlyList<WatchEvent> Events)
{
    /// <summary>Seconds from the first alarm to the end; null when it was missed or lived.</summary>
    public double? LeadSeconds =>
        Job.Truth.OomAtSeconds is { } end && AlarmSeconds.Count > 0 && AlarmSeconds[0] < end ? end - AlarmSeconds[0] : null;

    public IEnumerable<AlertRaised> Raised => Events.OfType<AlertRaised>();

    public bool Told(AlertKind kind) => Raised.Any(raised => raised.Alert.Kind == kind);

    /// <summary>Cause of the last critical alarm that stood before the end.</summary>
    public Cause? Cause => Raised
        .Where(raised => raised.Alert is { Kind: AlertKind.OomRisk, Severity: Severity.Critical })
        .Where(raised => raised.TimeSeconds < (Job.Truth.OomAtSeconds ?? double.PositiveInfinity))
        .LastOrDefault()?.Alert.Cause;
}
