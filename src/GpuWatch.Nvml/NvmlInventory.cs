using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Nvml;

/// <summary>
/// Finds what there is to watch. A GPU that is cut into MIG instances is watched instance by instance and not as a whole,
/// which needs privileges and would count everything twice; instances are numbered after the last GPU.
/// </summary>
internal static class NvmlInventory
{
    public static NvmlReturn Find(out ImmutableArray<NvmlGpu> found)
    {
        found = [];
        var code = NvmlNative.DeviceGetCount(out var count);
        if (code != NvmlReturn.Success)
        {
            return code;
        }
        var gpus = ImmutableArray.CreateBuilder<NvmlGpu>();
        var slices = new List<(GpuInfo Parent, NvmlDevice Device)>();
        var driver = NvmlText.DriverVersion();
        for (var index = 0; index < count; index++)
        {
            var (device, info) = Whole(index, driver);
            var before = slices.Count;
            AddSlices(device, info, slices);
            if (slices.Count == before)
            {
                gpus.Add(Watched(info, device));
            }
        }
        foreach (var (parent, device) in slices)
        {
            gpus.Add(Watched(Slice((int)count++, device, parent), device));
        }
        found = gpus.ToImmutable();
        return NvmlReturn.Success;
    }

    /// <summary>A GPU that is already lost keeps its place: its reading says so, and it may come back.</summary>
    private static (NvmlDevice Device, GpuInfo Info) Whole(int index, string? driver) =>
        NvmlNative.DeviceGetHandleByIndex((uint)index, out var device) != NvmlReturn.Success
            ? (device, new GpuInfo(index, null, null, null, driver, null))
            : (device, new GpuInfo(index, NvmlText.Uuid(device), NvmlText.Name(device), NvmlText.PciBusId(device), driver, TotalOf(device)));

    private static GpuInfo Slice(int index, NvmlDevice device, GpuInfo parent) =>
        new(index, NvmlText.Uuid(device), NvmlText.Name(device), parent.PciBusId, parent.DriverVersion, TotalOf(device), parent.Uuid);

    private static void AddSlices(NvmlDevice device, GpuInfo parent, List<(GpuInfo, NvmlDevice)> slices)
    {
        if (!NvmlLoader.Has("nvmlDeviceGetMigDeviceHandleByIndex")
            || NvmlNative.DeviceGetMigMode(device, out var mode, out _) != NvmlReturn.Success || mode == 0
            || NvmlNative.DeviceGetMaxMigDeviceCount(device, out var most) != NvmlReturn.Success)
        {
            return;
        }
        for (var i = 0u; i < most; i++)
        {
            if (NvmlNative.DeviceGetMigDeviceHandleByIndex(device, i, out var slice) == NvmlReturn.Success)
            {
                slices.Add((parent, slice));
            }
        }
    }

    private static Core.Units.Bytes? TotalOf(NvmlDevice device) =>
        new MemoryReader().Read(device, out var memory) == NvmlReturn.Success ? memory.Total : null;

    /// <summary>The simulator's processes are not this machine's: /proc knows nothing of them, and the simulator speaks for them.</summary>
    private static NvmlGpu Watched(GpuInfo info, NvmlDevice device) => SimulatedClock.IsSimulated
        ? new(info, device, static _ => null, pid => SimulatedNode.Torch(device, pid))
        : new(info, device, ProcStat.SeesHostPids ? ProcStat.StartTicks : static _ => null, null);
}
