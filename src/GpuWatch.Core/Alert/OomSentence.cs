using System.Collections.Immutable;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Alert;

/// <summary>The outlook as an alert: in words a person can act on, with the numbers behind them.</summary>
internal static class OomSentence
{
    public static Alert Of(Severity severity, Outlook outlook, Threat threat, ProcessSeries series) =>
        new(
            AlertKind.OomRisk,
            severity,
            outlook.OomEver,
            threat.EtaSeconds,
            threat.EtaLowSeconds,
            threat.EtaHighSeconds,
            outlook.PredictedPeak.Likely,
            outlook.Capacity,
            $"Needs {threat.Missing} more {When(threat.Cause)}; {series.Available} are free.",
            Evidence(outlook, threat, series))
        {
            Cause = threat.Cause,
        };

    private static string When(Cause cause) => cause switch
    {
        Cause.Load => "to load its weights",
        Cause.FirstForward => "in its first forward pass",
        Cause.FirstBackward => "in its first backward pass",
        Cause.FirstOptimizer => "at its first optimizer step",
        Cause.LongBatch => "for a batch of the declared size",
        Cause.Leak => "if it goes on growing as it does",
        Cause.Evaluation => "if evaluation goes on keeping what it computes",
        Cause.Neighbour => "while another tenant grows",
        Cause.Fragmentation => "in one piece",
        Cause.Blowup => "than declared",
        _ => "if it goes on rising as it does",
    };

    private static ImmutableSortedDictionary<string, double> Evidence(Outlook outlook, Threat threat, ProcessSeries series) =>
        ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, new KeyValuePair<string, double>[]
        {
            new("available_bytes", series.Available.Count),
            new("context_bytes", series.Context.Count),
            new("high_water_bytes", series.HighWater.Count),
            new("missing_bytes", threat.Missing.Count),
            new("p_oom_600s", outlook.OomWithin600s),
            new("p_oom_60s", outlook.OomWithin60s),
            new("releases", series.Releases),
            new("used_bytes", series.Used.Count),
        });
}
