using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Nvml;

/// <summary>
/// Finds what there is to watch. A GPU that is cut into MIG instances is watched instance by instance and not as a whole,
/// which needs privileges and would count everything twice; instances are numbered after the last GPU.
/// </summary>
internal static class NvmlInventory
{
    /// <param name="removed">Known to <paramref name="numbers"/>, and no longer there.</param>
    public static NvmlReturn Find(GpuNumbers numbers, out ImmutableArray<NvmlGpu> found, out ImmutableArray<GpuInfo> removed)
    {
        (found, removed) = ([], []);
        var code = NvmlNative.DeviceGetCount(out var count);
        if (code != NvmlReturn.Success)
        {
            return code;
        }
        var gpus = new List<FoundGpu>();
        var slices = new List<FoundGpu>();
        var cut = new HashSet<string>();
        var driver = NvmlText.DriverVersion();
        for (var index = 0; index < count; index++)
        {
            var whole = Whole(index, driver);
            var before = slices.Count;
            foreach (var slice in Slices(whole.Device))
            {
                slices.Add(new(Slice((int)count + slices.Count, slice, whole.Info), slice));
            }
            if (slices.Count == before)
            {
                gpus.Add(whole);
            }
            else if (whole.Info.Uuid is { } uuid)
            {
                cut.Add(uuid);
            }
        }
        found = [.. numbers.Number([.. gpus, .. slices], cut, out removed).Select(Watched)];
        return NvmlReturn.Success;
    }

    /// <summary>
    /// What the driver lists, for comparison: the identity of each GPU and of its instances, null for one that cannot be reached, and last
    /// what the kernel's side of it lists, which may know of a GPU before the library does. Some cheap calls.
    /// </summary>
    public static string?[] List()
    {
        if (NvmlNative.DeviceGetCount(out var count) != NvmlReturn.Success)
        {
            return [];
        }
        var list = new string?[count + 1];
        for (var index = 0u; index < count; index++)
        {
            if (NvmlNative.DeviceGetHandleByIndex(index, out var device) == NvmlReturn.Success)
            {
                list[index] = string.Join(' ', Slices(device).Select(NvmlText.Uuid).Prepend(NvmlText.Uuid(device)));
            }
        }
        list[count] = KernelsList();
        return list;
    }

    /// <summary>A GPU that is lost has not left; one that came back under its own name has not come.</summary>
    public static bool Differs(string?[] before, string?[] now) =>
        now.Length > 0 && (now.Length != before.Length || now.Zip(before).Any(pair => pair.First is { } seen && seen != pair.Second));

    /// <summary>Bus ids of the GPUs that the driver has bound; null where it does not tell.</summary>
    private static string? KernelsList()
    {
        const string folder = "/proc/driver/nvidia/gpus";
        return OperatingSystem.IsLinux() && Directory.Exists(folder) ? string.Join(' ', Directory.GetDirectories(folder).Order(StringComparer.Ordinal)) : null;
    }

    /// <summary>A GPU that is already lost keeps its place: its reading says so, and it may come back.</summary>
    private static FoundGpu Whole(int index, string? driver) =>
        NvmlNative.DeviceGetHandleByIndex((uint)index, out var device) != NvmlReturn.Success
            ? new(new GpuInfo(index, null, null, null, driver, null), default)
            : new(new GpuInfo(index, NvmlText.Uuid(device), NvmlText.Name(device), NvmlText.PciBusId(device), driver, TotalOf(device)), device);

    private static GpuInfo Slice(int index, NvmlDevice device, GpuInfo parent) =>
        new(index, NvmlText.Uuid(device), NvmlText.Name(device), parent.PciBusId, parent.DriverVersion, TotalOf(device), parent.Uuid);

    private static List<NvmlDevice> Slices(NvmlDevice device)
    {
        var slices = new List<NvmlDevice>();
        if (device.Handle == 0 || !NvmlLoader.Has("nvmlDeviceGetMigDeviceHandleByIndex")
            || NvmlNative.DeviceGetMigMode(device, out var mode, out _) != NvmlReturn.Success || mode == 0
            || NvmlNative.DeviceGetMaxMigDeviceCount(device, out var most) != NvmlReturn.Success)
        {
            return slices;
        }
        for (var i = 0u; i < most; i++)
        {
            if (NvmlNative.DeviceGetMigDeviceHandleByIndex(device, i, out var slice) == NvmlReturn.Success)
            {
                slices.Add(slice);
            }
        }
        return slices;
    }

    private static Core.Units.Bytes? TotalOf(NvmlDevice device) =>
        new MemoryReader().Read(device, out var memory) == NvmlReturn.Success ? memory.Total : null;

    /// <summary>The simulator's processes are not this machine's: /proc knows nothing of them, and the simulator speaks for them.</summary>
    private static NvmlGpu Watched(FoundGpu gpu) => SimulatedClock.IsSimulated
        ? new(gpu.Info, gpu.Device, static _ => null, pid => SimulatedNode.Torch(gpu.Device, pid))
        : new(gpu.Info, gpu.Device, ProcStat.SeesHostPids ? ProcStat.StartTicks : static _ => null, null);
}
