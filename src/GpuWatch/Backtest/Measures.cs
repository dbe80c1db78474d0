using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;

namespace GpuWatch.Backtest;

/// <summary>A share, with what it is a share of.</summary>
internal readonly record struct Share(int Count, int Of)
{
    public override string ToString() => $"{Count}/{Of}";
}

/// <summary>How a rule did over a folder of jobs: the protocol of tools that judge an out-of-memory forecaster, per run.</summary>
internal sealed record Measures(
    string Rule,
    Share Caught0s,
    Share Caught2s,
    Share Caught10s,
    Share Caught30s,
    double? MedianLeadSeconds,
    Share FalseAlarms)
{
    public static Measures Of(string rule, IReadOnlyCollection<Outcome> outcomes) => new(
        rule,
        Caught(outcomes, 0),
        Caught(outcomes, 2),
        Caught(outcomes, 10),
        Caught(outcomes, 30),
        Median([.. outcomes.Select(outcome => outcome.LeadSeconds).OfType<double>()]),
        new Share(Fine(outcomes).Count(outcome => outcome.AlarmSeconds.Count > 0), Fine(outcomes).Count()));

    private static IEnumerable<Outcome> Fine(IEnumerable<Outcome> outcomes) => outcomes.Where(outcome => outcome.Job.Truth.IsFine);

    /// <summary>Of the jobs that die and live longer than the lead by a second: those alarmed at least the lead before.</summary>
    private static Share Caught(IEnumerable<Outcome> outcomes, double lead)
    {
        var able = outcomes.Where(outcome => outcome.Job.Truth.OomAtSeconds >= lead + 1).ToArray();
        return new Share(able.Count(outcome => outcome.LeadSeconds is { } had && had >= lead), able.Length);
    }

    private static double? Median(double[] values)
    {
        Array.Sort(values);
        return values.Length == 0 ? null : (values[values.Length / 2] + values[(values.Length - 1) / 2]) / 2;
    }
}

/// <summary>What only the product says: causes, kinds and probabilities.</summary>
internal sealed record FineMeasures(
    Share CauseRight,
    Share BlowupTold,
    Share BlowupFalse,
    Share LeakTold,
    Share LeakFalse,
    IReadOnlyList<Calibration> Calibrations)
{
    public static FineMeasures Of(IReadOnlyCollection<Outcome> outcomes)
    {
        var caught = outcomes.Where(outcome => outcome is { LeadSeconds: not null, Job.Truth.Cause: not null }).ToArray();
        return new FineMeasures(
            new Share(caught.Count(outcome => outcome.Cause is { } cause && Names(cause) == outcome.Job.Truth.Cause), caught.Length),
            Told(outcomes, AlertKind.ActivationBlowup, outcome => outcome.Job.Truth.Blowup),
            Told(outcomes, AlertKind.ActivationBlowup, outcome => !outcome.Job.Truth.Blowup),
            Told(outcomes, AlertKind.Leak, outcome => outcome.Job.Truth.Leak),
            Told(outcomes, AlertKind.Leak, outcome => !outcome.Job.Truth.Leak),
            [
                Calibration.Of(outcomes, 60, made => made.OomWithin60s),
                Calibration.Of(outcomes, 600, made => made.OomWithin600s),
            ]);
    }

    /// <summary>The recorded name of a cause.</summary>
    public static string Names(Cause cause) => cause switch
    {
        Cause.FirstForward or Cause.FirstBackward => "first_backward",
        Cause.FirstOptimizer => "first_optimizer",
        Cause.LongBatch => "long_batch",
        Cause.Evaluation => "eval",
        _ => cause.ToString().ToLowerInvariant(),
    };

    private static Share Told(IEnumerable<Outcome> outcomes, AlertKind kind, Func<Outcome, bool> among)
    {
        var those = outcomes.Where(among).ToArray();
        return new Share(those.Count(outcome => outcome.Told(kind)), those.Length);
    }
}
