using System.Runtime.InteropServices;

namespace GpuWatch.Nvml;

/// <summary>The clock of the simulated NVML: a real driver has none.</summary>
public static unsafe partial class SimulatedClock
{
    /// <summary>Whether the loaded library is the simulator; false before one is loaded.</summary>
    public static bool IsSimulated => NvmlLoader.Has("nvmlsim_time_s");

    /// <summary>Seconds on the simulator's clock: a trace's own times, or seconds since the scenario began. Null with a real driver.</summary>
    public static double? TimeSeconds => IsSimulated ? Time() : null;

    [LibraryImport(NvmlNative.Library, EntryPoint = "nvmlsim_time_s")]
    private static partial double Time();
}
