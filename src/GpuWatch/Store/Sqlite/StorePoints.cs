using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Store.Sqlite;

/// <summary>A GPU as it was sampled. Bytes; null = unknown.</summary>
internal readonly record struct GpuPoint(double TimeSeconds, int Gpu, long Used, long Total, long? Reserved, long? Free);

/// <summary>A process as it was sampled. Bytes; null = unknown.</summary>
internal readonly record struct ProcessPoint(double TimeSeconds, int Gpu, int Pid, long? Used, long? TorchAllocated, long? TorchReserved);

/// <summary>Who a process is, told once: from this time on the pid is its own. Null = unknown.</summary>
/// <param name="StartTicks">In clock ticks since boot.</param>
internal readonly record struct IdentityPoint(
    double TimeSeconds, int Pid, long? StartTicks, string? Name, string? User, string? SlurmJob, string? Container, string? Pod);

/// <summary>Bytes used over a span of time: least, mean and most of the samples taken in it.</summary>
/// <param name="EverySeconds">Length of the span.</param>
/// <param name="TimeSeconds">Its beginning, a multiple of the length.</param>
/// <param name="Pid">Null: the whole device.</param>
internal readonly record struct RollupPoint(
    int EverySeconds, double TimeSeconds, int Gpu, int? Pid, long Least, double Mean, long Most, long Samples);

/// <summary>An event as the line it is printed as.</summary>
internal readonly record struct EventPoint(double TimeSeconds, int Gpu, int? Pid, string Json);

/// <summary>A process that has been watched to its end: what `calibrate --runs store` learns from.</summary>
/// <param name="StartedSeconds">When it was first seen; null when it was there before the agent.</param>
/// <param name="Exited">False: the agent ended first, so that the peak may have come later.</param>
/// <param name="Job">Null: it was not declared.</param>
/// <param name="Account">Its observed peak is known.</param>
internal readonly record struct RunPoint(
    double? StartedSeconds, bool Exited, Job? Job, Reconciled Account, string Json, string? Driver = null, string? Framework = null);

/// <summary>What one transaction writes.</summary>
internal sealed class StoreBatch
{
    public List<GpuPoint> Gpus { get; } = [];
    public List<ProcessPoint> Processes { get; } = [];
    public List<IdentityPoint> Identities { get; } = [];
    public List<RollupPoint> Rollups { get; } = [];
    public List<EventPoint> Events { get; } = [];
    public List<RunPoint> Runs { get; } = [];

    /// <summary>Time of the newest sample or event in it.</summary>
    public double LatestSeconds { get; set; }

    public int Points => Gpus.Count + Processes.Count + Identities.Count + Rollups.Count + Events.Count + Runs.Count;
}
