namespace GpuWatch.Nvml;

/// <summary>
/// Reads a device's memory in the newest form its driver knows; a form that failed for good is not asked again. A device of which
/// the driver tells no memory at all shares the machine's.
/// </summary>
internal sealed class MemoryReader
{
    private bool hasV2 = NvmlLoader.Has("nvmlDeviceGetMemoryInfo_v2");

    public NvmlReturn Read(NvmlDevice device, out DeviceMemory memory)
    {
        if (hasV2)
        {
            var raw = new NvmlMemoryV2 { Version = NvmlMemoryV2.CurrentVersion };
            var code = NvmlNative.DeviceGetMemoryInfoV2(device, ref raw);
            if (code is not (NvmlReturn.FunctionNotFound or NvmlReturn.ArgumentVersionMismatch or NvmlReturn.NotSupported))
            {
                memory = code == NvmlReturn.Success ? DeviceMemory.Of(raw) : default;
                return Checked(code, raw.Total, raw.Used);
            }
        }
        return ReadV1(device, out memory);
    }

    private NvmlReturn ReadV1(NvmlDevice device, out DeviceMemory memory)
    {
        var code = NvmlNative.DeviceGetMemoryInfoV1(device, out var raw);
        hasV2 &= code != NvmlReturn.Success;
        memory = code == NvmlReturn.Success ? DeviceMemory.Of(raw) : default;
        code = Checked(code, raw.Total, raw.Used);
        if (code == NvmlReturn.NotSupported && SharedMemory.Read() is { } shared)
        {
            (memory, code) = (shared, NvmlReturn.Success);
        }
        return code;
    }

    /// <summary>A driver that says "success" and fills in "unknown" supports nothing.</summary>
    private static NvmlReturn Checked(NvmlReturn code, ulong total, ulong used) =>
        code == NvmlReturn.Success && (DeviceMemory.IsUnknown(total) || DeviceMemory.IsUnknown(used) || total == 0) ? NvmlReturn.NotSupported : code;
}
