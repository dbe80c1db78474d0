namespace GpuWatch.Core.Sample;

/// <summary>Why a GPU gave no data.</summary>
public enum FaultKind
{
    /// <summary>The device fell off the bus (NVML 15) or cannot be found any more.</summary>
    GpuLost,
    NoPermission,
    /// <summary>The driver answered too late this once.</summary>
    Timeout,
    /// <summary>The driver has not answered in time for some seconds, or a call has not come back; other GPUs go on.</summary>
    DriverUnresponsive,
    /// <summary>The driver was replaced under the running library (NVML 18); only a new process can read it.</summary>
    DriverReloaded,
    DriverNotLoaded,
    LibraryNotFound,
    NotSupported,
    /// <summary>It is not there any more and was not lost: a MIG instance that was destroyed, or a GPU that is now cut into instances. Told once; its series end.</summary>
    Removed,
    Unknown,
}

/// <summary>A fault is a value: what failed, and in words what to do about it.</summary>
public sealed record Fault(FaultKind Kind, string Reason);
