using GpuWatch.Core.Sample;

namespace GpuWatch.Core.Observe;

/// <summary>Where a process is in its life, as far as its memory tells.</summary>
public enum JobPhase { Loading, FirstStep, Steady, Evaluating, Idle, Exited }

/// <summary>A process entered another phase.</summary>
public sealed record PhaseChanged(double TimeSeconds, int Gpu, int? Pid, JobPhase Phase) : WatchEvent(TimeSeconds, Gpu, Pid);
