using GpuWatch.Core.Units;

namespace GpuWatch.Core.Sample;

/// <summary>The facts of a GPU (or MIG instance) that do not change while it is there; read once.</summary>
/// <param name="Index">The index NVML gives it; MIG instances follow their parents with indices of their own.</param>
/// <param name="Uuid">"GPU-…" or "MIG-…"; null when the driver does not tell.</param>
/// <param name="ParentUuid">The GPU a MIG instance is cut from; null for a whole GPU.</param>
public sealed record GpuInfo(
    int Index,
    string? Uuid,
    string? Name,
    string? PciBusId,
    string? DriverVersion,
    Bytes? Total,
    string? ParentUuid = null);
