using System.Runtime.InteropServices;

namespace GpuWatch.Nvml;

/// <summary>A GPU or MIG instance as NVML names it; owned by NVML, valid until shutdown, never freed.</summary>
internal readonly record struct NvmlDevice(nint Handle);

/// <summary>Device memory, first version: <see cref="Used"/> includes what the driver reserves for itself.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemoryV1
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

/// <summary>Device memory since R510. In: <see cref="Version"/> = size | 2 &lt;&lt; 24. Whether Used includes Reserved depends on the driver.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemoryV2
{
    public const uint CurrentVersion = 40 | (2u << 24);

    public uint Version;
    public ulong Total;
    public ulong Reserved;
    public ulong Free;
    public ulong Used;
}

/// <summary>
/// A process in its newest and longest form. Older records are prefixes of it: 16 bytes (lists v1), 24 bytes (v2, v3),
/// 32 bytes (v3 of drivers 535.43 to 535.86).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlProcess
{
    public const int StrideV1 = 16;
    public const int StrideV2 = 24;
    public const int StrideDetail = 32;

    /// <summary>GPU or compute instance id of a process outside MIG.</summary>
    public const uint NoInstance = uint.MaxValue;

    public uint Pid;

    /// <summary>Bytes; all ones when the driver does not tell.</summary>
    public ulong UsedGpuMemory;
    public uint GpuInstanceId;
    public uint ComputeInstanceId;
    public ulong UsedGpuCcProtectedMemory;
}

/// <summary>Where a GPU sits on the bus; the texts are NUL-terminated ASCII.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NvmlPciInfo
{
    public fixed byte BusIdLegacy[16];
    public uint Domain;
    public uint Bus;
    public uint Device;
    public uint PciDeviceId;
    public uint PciSubSystemId;
    public fixed byte BusId[32];
}
