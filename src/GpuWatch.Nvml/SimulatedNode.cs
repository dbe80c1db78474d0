namespace GpuWatch.Nvml;

/// <summary>What only the simulator knows of its processes: they are not this machine's, so /proc says nothing of them.</summary>
public static unsafe class SimulatedNode
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
}
