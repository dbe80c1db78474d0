using System.Runtime.InteropServices;
using GpuWatch.Core.Units;

namespace GpuWatch.Nvml;

/// <summary>What only the simulator knows of its processes: they are not this machine's, so /proc says nothing of them.</summary>
public static unsafe partial class SimulatedNode
{
    private const int Room = 256;

    /// <summary>The command line a scenario gives a job; null for a trace, an unknown pid and a real driver.</summary>
    public static string? CommandLine(int pid)
    {
        if (!SimulatedClock.IsSimulated)
        {
            return null;
        }
        var buffer = stackalloc byte[Room];
        return NvmlNative.SystemGetProcessName((uint)pid, buffer, Room) == NvmlReturn.Success ? NvmlText.Read(buffer, Room) : null;
    }

    /// <summary>What a process in a trace tells of PyTorch's allocator; a real one would have to tell it itself.</summary>
    internal static (Bytes? Allocated, Bytes? Reserved) Torch(NvmlDevice device, int pid)
    {
        Torch(device, (uint)pid, out var allocated, out var reserved);
        return (Told(allocated), Told(reserved));

        static Bytes? Told(ulong bytes) => DeviceMemory.IsUnknown(bytes) ? null : new Bytes((long)bytes);
    }

    [LibraryImport(NvmlNative.Library, EntryPoint = "nvmlsim_torch")]
    private static partial void Torch(NvmlDevice device, uint pid, out ulong allocated, out ulong reserved);
}
