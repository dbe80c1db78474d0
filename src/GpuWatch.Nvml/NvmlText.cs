using System.Text;

namespace GpuWatch.Nvml;

/// <summary>Texts that NVML writes into a caller's buffer. They come from firmware: control characters are dropped.</summary>
internal static unsafe class NvmlText
{
    public const int Room = 96;

    public static string? DriverVersion()
    {
        var buffer = stackalloc byte[Room];
        return NvmlNative.SystemGetDriverVersion(buffer, Room) == NvmlReturn.Success ? Read(buffer, Room) : null;
    }

    public static string? Name(NvmlDevice device)
    {
        var buffer = stackalloc byte[Room];
        return NvmlNative.DeviceGetName(device, buffer, Room) == NvmlReturn.Success ? Read(buffer, Room) : null;
    }

    public static string? Uuid(NvmlDevice device)
    {
        var buffer = stackalloc byte[Room];
        return NvmlNative.DeviceGetUuid(device, buffer, Room) == NvmlReturn.Success ? Read(buffer, Room) : null;
    }

    public static string? PciBusId(NvmlDevice device) =>
        NvmlNative.DeviceGetPciInfo(device, out var pci) == NvmlReturn.Success ? Read(pci.BusId, 32) : null;

    public static string? Read(byte* text, int room)
    {
        var bytes = new ReadOnlySpan<byte>(text, room);
        var end = bytes.IndexOf((byte)0);
        var clean = new StringBuilder(room);
        foreach (var one in bytes[..(end < 0 ? room : end)])
        {
            if (one is >= 0x20 and < 0x7F)
            {
                clean.Append((char)one);
            }
        }
        return clean.Length > 0 ? clean.ToString() : null;
    }
}
