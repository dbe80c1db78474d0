using GpuWatch.Core.Estimate;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>The closing account of a process: what was planned, what was seen, and how the device's bytes add up.</summary>
/// <param name="ObservedPeak">Null: the driver never told its bytes.</param>
/// <param name="Observed">At the observed peak, as far as it could be told apart; null when nothing could.</param>
/// <param name="Estimated">At the estimated peak, as declared; null without a job description.</param>
/// <param name="Judgement">In words: why the two differ, or what was inferred where nothing was declared.</param>
public sealed record Reconciled(
    double TimeSeconds,
    int Gpu,
    int? Pid,
    Bytes? ObservedPeak,
    Bytes? EstimatedPeak,
    ByComponent<ByteRange?>? Observed,
    ByComponent<Bytes>? Estimated,
    Bridge Bridge,
    string? Judgement) : WatchEvent(TimeSeconds, Gpu, Pid)
{
    /// <summary>Plan and observation joined: what the next run of this job should be expected to take; null without a job description.</summary>
    public ByComponent<ByteRange?>? Posterior { get; init; }

    /// <summary>Of the observed peak what no component explains; null where nothing was declared.</summary>
    public Bytes? Unexplained { get; init; }
}

/// <summary>Σ processes + reserved by the driver + unattributed = total − free, at one instant.</summary>
/// <param name="Processes">Null: the bytes of none are known.</param>
/// <param name="Reserved">Null: the driver does not tell it apart (it is then part of Unattributed).</param>
/// <param name="Unattributed">Null: some process's bytes are unknown.</param>
public sealed record Bridge(Bytes? Processes, Bytes? Reserved, Bytes? Unattributed, Bytes TotalLessFree);
