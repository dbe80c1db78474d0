using System.Collections.Immutable;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Alert;

public enum AlertKind
{
    OomRisk,
    ActivationBlowup,
    Fragmentation,
    Leak,
    EstimateMismatch,
    Neighbour,
    DriverUnresponsive,
    GpuLost,
}

/// <summary>Critical means: without intervention this process or device runs out of memory. It is what pages a person.</summary>
public enum Severity { Info, Warning, Critical }

/// <summary>What is feared, how sure, when, and why.</summary>
/// <param name="Probability">0–1; null where none is computed.</param>
/// <param name="EtaSeconds">Seconds from the event until memory runs out, likeliest; Low and High are its 90 % interval; null when no time can be told.</param>
/// <param name="Capacity">Bytes the watched process can hold at most: what it has and what is free for it.</param>
/// <param name="Reason">One sentence a person can act on.</param>
/// <param name="Evidence">The numbers behind the reason: snake_case names with their unit, in ordinal order.</param>
public sealed record Alert(
    AlertKind Kind,
    Severity Severity,
    double? Probability,
    double? EtaSeconds,
    double? EtaLowSeconds,
    double? EtaHighSeconds,
    Bytes? PredictedPeak,
    Bytes? Capacity,
    string Reason,
    ImmutableSortedDictionary<string, double> Evidence)
{
    /// <summary>Why memory would run out, or what went wrong; null for faults of the driver.</summary>
    public Cause? Cause { get; init; }
}

/// <summary>An alert began, or its severity rose.</summary>
public sealed record AlertRaised(double TimeSeconds, int Gpu, int? Pid, Alert Alert) : WatchEvent(TimeSeconds, Gpu, Pid);

/// <summary>An alert ended; it carries the last state with the reason it ended.</summary>
public sealed record AlertResolved(double TimeSeconds, int Gpu, int? Pid, Alert Alert) : WatchEvent(TimeSeconds, Gpu, Pid)
{
    /// <summary>The recording or the agent has ended, and the trouble may not have: who waits for its end has not heard of it.</summary>
    public bool IsEndOfWatching => Alert.Reason == ProcessWatch.WatchedNoLonger;
}
