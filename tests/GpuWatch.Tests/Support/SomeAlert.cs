using System.Collections.Immutable;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Support;

/// <summary>Alerts with no more said than a test needs.</summary>
internal static class SomeAlert
{
    public static AlertRaised Raised(
        Severity severity = Severity.Critical, int gpu = 0, int? pid = 42, AlertKind kind = AlertKind.OomRisk, double time = 1, string reason = "Memory runs out in 8 s.") =>
        new(time, gpu, pid, Of(kind, severity, reason));

    public static AlertResolved Resolved(Severity severity = Severity.Critical, int gpu = 0, int? pid = 42, AlertKind kind = AlertKind.OomRisk, double time = 2) =>
        new(time, gpu, pid, Of(kind, severity, "The process has ended."));

    private static Core.Alert.Alert Of(AlertKind kind, Severity severity, string reason) => new(
        kind, severity, 0.9, 8, 6, 10, Bytes.FromGiB(90), Bytes.FromGiB(80), reason, ImmutableSortedDictionary<string, double>.Empty);
}
