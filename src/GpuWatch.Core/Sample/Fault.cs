namespace GpuWatch.Core.Sample;

/// <summary>Why a GPU gave no data.</summary>
public enum FaultKind
{
    /// <summary>The device fell off the bus (NVML 15) or cannot be found any more.</summary>
    GpuLost,
    NoPermission,
    Timeout,
    /// <summary>A call has not come back; other GPUs go on.</summary>
    DriverUnresponsive,
    /// <summary>The driver was replaced under the running library (NVML 18); only a new process can read it.</summary>
    DriverReloaded,
    DriverNotLoaded,
    LibraryNotFound,
    NotSupported,
    Unknown,
}

/// <summary>A fault is a value: what failed, and in words what to do about it.</summary>
public sealed record Fault(FaultKind Kind, string Reason);
