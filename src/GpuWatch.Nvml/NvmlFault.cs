using GpuWatch.Core.Sample;

namespace GpuWatch.Nvml;

/// <summary>The one place where a code becomes a fault: what failed, and what to do about it.</summary>
internal static class NvmlFault
{
    /// <param name="code">Anything but success.</param>
    /// <param name="who">"GPU 1 (GPU-…)" or "NVML".</param>
    public static Fault Of(NvmlReturn code, string who) => code switch
    {
        NvmlReturn.GpuIsLost or NvmlReturn.GpuNotFound => new(FaultKind.GpuLost,
            $"{who} is lost: the driver cannot reach it any more. Look for Xid messages in the kernel log (79 = fell off the bus); it usually takes a reset or a reboot."),
        NvmlReturn.ResetRequired => new(FaultKind.GpuLost, $"{who} needs a reset before it can be used: nvidia-smi --gpu-reset, or a reboot."),
        NvmlReturn.NoPermission => new(FaultKind.NoPermission,
            $"{who} may not be read by this user: check the permissions of /dev/nvidia* and, in a container, which devices it was given."),
        NvmlReturn.Timeout => new(FaultKind.Timeout, $"{who} did not answer the driver in time."),
        NvmlReturn.LibraryVersionMismatch => new(FaultKind.DriverReloaded,
            $"{who}: the driver and its library have different versions, as after an upgrade. Restart the agent; if that does not help, compare /proc/driver/nvidia/version with the installed library and reboot."),
        NvmlReturn.DriverNotLoaded => new(FaultKind.DriverNotLoaded,
            $"{who}: the NVIDIA driver is not loaded. Check `lsmod | grep nvidia` and load it with `modprobe nvidia`."),
        NvmlReturn.LibraryNotFound => new(FaultKind.LibraryNotFound, $"{who}: a library of the driver is missing; reinstall the driver."),
        NvmlReturn.NotSupported or NvmlReturn.FunctionNotFound => new(FaultKind.NotSupported, $"{who} does not report its memory through NVML."),
        _ => new(FaultKind.Unknown, $"{who}: NVML answered with code {(int)code}{Meaning(code)}."),
    };

    private static string Meaning(NvmlReturn code) => code switch
    {
        NvmlReturn.Uninitialized => " (not initialised)",
        NvmlReturn.InvalidArgument => " (invalid argument)",
        NvmlReturn.NotFound => " (not found)",
        NvmlReturn.OperatingSystem => " (blocked by the operating system)",
        NvmlReturn.Unknown => " (unknown error)",
        _ => "",
    };
}
