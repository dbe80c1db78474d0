using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>A new high-water mark of a process: one tread of the stairs NVML shows of a caching allocator.</summary>
/// <param name="Rise">How far it lies above the mark before it.</param>
/// <param name="Level">Bytes the process held.</param>
/// <param name="IsPart">It is a part of one long rise, so when it came says nothing.</param>
public readonly record struct Stair(double TimeSeconds, Bytes Rise, Bytes Level, bool IsPart = false);
