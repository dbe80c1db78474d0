using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace GpuWatch.Nvml;

/// <summary>
/// The imports and nothing else. Entry points carry their exact version: in NVML an unsuffixed name is the first version.
/// Each call may return <see cref="NvmlReturn.Uninitialized"/>, <see cref="NvmlReturn.GpuIsLost"/> and <see cref="NvmlReturn.Unknown"/>;
/// a function that the driver lacks throws <see cref="EntryPointNotFoundException"/>, so ask <see cref="NvmlLoader.Has"/> first.
/// </summary>
internal static unsafe partial class NvmlNative
{
    internal const string Library = "nvidia-ml";

    /// <summary>DriverNotLoaded, NoPermission or LibraryVersionMismatch when the driver cannot be talked to. Counted: pairs with Shutdown.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlInit_v2")]
    internal static partial NvmlReturn Init();

    [LibraryImport(Library, EntryPoint = "nvmlShutdown")]
    internal static partial NvmlReturn Shutdown();

    /// <summary>At most 80 bytes with the NUL.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlSystemGetDriverVersion")]
    internal static partial NvmlReturn SystemGetDriverVersion(byte* version, uint length);

    /// <summary>Gives the program's name; NotFound when no such process uses a GPU.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlSystemGetProcessName")]
    internal static partial NvmlReturn SystemGetProcessName(uint pid, byte* name, uint length);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetCount_v2")]
    internal static partial NvmlReturn DeviceGetCount(out uint count);

    /// <summary>Opens the device when nobody has, which can take 0.3 s. GpuIsLost when it fell off the bus.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    internal static partial NvmlReturn DeviceGetHandleByIndex(uint index, out NvmlDevice device);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByUUID")]
    internal static partial NvmlReturn DeviceGetHandleByUuid(byte* uuid, out NvmlDevice device);

    /// <summary>At most 96 bytes with the NUL.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetName")]
    internal static partial NvmlReturn DeviceGetName(NvmlDevice device, byte* name, uint length);

    /// <summary>At most 96 bytes with the NUL.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetUUID")]
    internal static partial NvmlReturn DeviceGetUuid(NvmlDevice device, byte* uuid, uint length);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetPciInfo_v3")]
    internal static partial NvmlReturn DeviceGetPciInfo(NvmlDevice device, out NvmlPciInfo pci);

    /// <summary>NotSupported on GPUs that share the host's memory.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    internal static partial NvmlReturn DeviceGetMemoryInfoV1(NvmlDevice device, out NvmlMemoryV1 memory);

    /// <summary>In: Version. ArgumentVersionMismatch when the driver does not know it.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo_v2")]
    internal static partial NvmlReturn DeviceGetMemoryInfoV2(NvmlDevice device, ref NvmlMemoryV2 memory);

    /// <summary>1 = MIG is on. NotSupported on GPUs that cannot be cut.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMigMode")]
    internal static partial NvmlReturn DeviceGetMigMode(NvmlDevice device, out uint current, out uint pending);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMaxMigDeviceCount")]
    internal static partial NvmlReturn DeviceGetMaxMigDeviceCount(NvmlDevice device, out uint count);

    /// <summary>NotFound where the numbering has a hole.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMigDeviceHandleByIndex")]
    internal static partial NvmlReturn DeviceGetMigDeviceHandleByIndex(NvmlDevice parent, uint index, out NvmlDevice device);

    // Process lists. In: room in records. Out: records written, or with InsufficientSize how many there are.
    // v1 writes 16-byte records, v2 24-byte ones; v3 wrote 16, 24 or 32 bytes, depending on the driver.

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetComputeRunningProcesses")]
    internal static partial NvmlReturn ComputeProcessesV1(NvmlDevice device, ref uint count, byte* records);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetComputeRunningProcesses_v2")]
    internal static partial NvmlReturn ComputeProcessesV2(NvmlDevice device, ref uint count, byte* records);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetComputeRunningProcesses_v3")]
    internal static partial NvmlReturn ComputeProcessesV3(NvmlDevice device, ref uint count, byte* records);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetGraphicsRunningProcesses")]
    internal static partial NvmlReturn GraphicsProcessesV1(NvmlDevice device, ref uint count, byte* records);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetGraphicsRunningProcesses_v2")]
    internal static partial NvmlReturn GraphicsProcessesV2(NvmlDevice device, ref uint count, byte* records);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetGraphicsRunningProcesses_v3")]
    internal static partial NvmlReturn GraphicsProcessesV3(NvmlDevice device, ref uint count, byte* records);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMPSComputeRunningProcesses")]
    internal static partial NvmlReturn MpsProcessesV1(NvmlDevice device, ref uint count, byte* records);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMPSComputeRunningProcesses_v2")]
    internal static partial NvmlReturn MpsProcessesV2(NvmlDevice device, ref uint count, byte* records);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMPSComputeRunningProcesses_v3")]
    internal static partial NvmlReturn MpsProcessesV3(NvmlDevice device, ref uint count, byte* records);
}
