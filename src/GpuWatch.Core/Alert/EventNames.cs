using GpuWatch.Core.Observe;

namespace GpuWatch.Core.Alert;

/// <summary>The words of CONTRACTS 5 for kinds, severities and phases: the same in events, stores, metrics and pages.</summary>
public static class EventNames
{
    public static string Name(this AlertKind kind) => kind switch
    {
        AlertKind.OomRisk => "oom-risk",
        AlertKind.ActivationBlowup => "activation-blowup",
        AlertKind.Fragmentation => "fragmentation",
        AlertKind.Leak => "leak",
        AlertKind.EstimateMismatch => "estimate-mismatch",
        AlertKind.Neighbour => "neighbour",
        AlertKind.DriverUnresponsive => "driver-unresponsive",
        AlertKind.GpuLost => "gpu-lost",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    public static string Name(this Severity severity) => severity switch
    {
        Severity.Info => "info",
        Severity.Warning => "warning",
        Severity.Critical => "critical",
        _ => throw new ArgumentOutOfRangeException(nameof(severity), severity, null),
    };

    public static string Name(this JobPhase phase) => phase switch
    {
        JobPhase.Loading => "loading",
        JobPhase.FirstStep => "first-step",
        JobPhase.Steady => "steady",
        JobPhase.Evaluating => "evaluating",
        JobPhase.Idle => "idle",
        JobPhase.Exited => "exited",
        _ => throw new ArgumentOutOfRangeException(nameof(phase), phase, null),
    };
}
