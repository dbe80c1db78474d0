using System.Runtime.InteropServices;

namespace GpuWatch.Nvml;

/// <summary>The clock of the simulated NVML: a real driver has none.</summary>
public static unsafe partial class SimulatedClock
{
    /// <summary>Whether the loaded library is the simulator; false before one is loaded.</summary>
    public static bool IsSimulated => NvmlLoader.Has("nvmlsim_time_s");

    /// <summary>Seconds on the simulator's clock: a trace's own times, or seconds since the scenario began. Null with a real driver.</summary>
    public static double? TimeSeconds => IsSimulated ? Time() : null;

    /// <summary>Stops the simulator's clock where it began: from then on only <see cref="MoveTo"/> moves it.</summary>
    /// <returns>The time it shows.</returns>
    [LibraryImport(NvmlNative.Library, EntryPoint = "nvmlsim_take_clock")]
    public static partial double Take();

    /// <param name="seconds">On the simulator's clock.</param>
    [LibraryImport(NvmlNative.Library, EntryPoint = "nvmlsim_set_time")]
    public static partial void MoveTo(double seconds);

    [LibraryImport(NvmlNative.Library, EntryPoint = "nvmlsim_time_s")]
    private static partial double Time();
}
