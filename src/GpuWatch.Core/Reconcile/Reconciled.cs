using GpuWatch.Core.Estimate;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>The closing account of a process: what was planned, what was seen, and how the device's bytes add up.</summary>
/// <param name="Estimated">Null without a job description.</param>
/// <param name="Observed">The same components as far as they could be told apart; null when they could not.</param>
public sealed record Reconciled(
    double TimeSeconds,
    int Gpu,
    int? Pid,
    Bytes ObservedPeak,
    Bytes? EstimatedPeak,
    Components? Observed,
    Components? Estimated,
    Bridge Bridge,
    string? Judgement) : WatchEvent(TimeSeconds, Gpu, Pid);

/// <summary>Σ processes + reserved by the driver + unattributed = total − free, at one instant.</summary>
/// <param name="Reserved">Null: the driver does not tell it apart (it is then part of Unattributed).</param>
/// <param name="Unattributed">Null: some process's bytes are unknown.</param>
public sealed record Bridge(Bytes Processes, Bytes? Reserved, Bytes? Unattributed, Bytes TotalLessFree);
