using GpuWatch.Nvml;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Nvml;

/// <summary>Each structure against the published numbers, and against what a C compiler makes of the same declarations.</summary>
[Collection(NvmlCollection.Name)]
public sealed unsafe class LayoutTests
{
    public static TheoryData<string, int, int> Sizes => new()
    {
        { "nvmlMemory_t", 24, sizeof(NvmlMemoryV1) },
        { "nvmlMemory_v2_t", 40, sizeof(NvmlMemoryV2) },
        { "nvmlProcessDetail_v1_t", 32, sizeof(NvmlProcess) },
        { "nvmlProcessInfo_v2_t", 24, NvmlProcess.StrideV2 },
        { "nvmlProcessInfo_v1_t", 16, NvmlProcess.StrideV1 },
        { "nvmlPciInfo_t", 68, sizeof(NvmlPciInfo) },
    };

    public static TheoryData<string, string, int, int> Offsets
    {
        get
        {
            NvmlMemoryV1 v1;
            NvmlMemoryV2 v2;
            NvmlProcess process;
            NvmlPciInfo pci;
            return new()
            {
                { "nvmlMemory_t", "total", 0, Between(&v1, &v1.Total) },
                { "nvmlMemory_t", "free", 8, Between(&v1, &v1.Free) },
                { "nvmlMemory_t", "used", 16, Between(&v1, &v1.Used) },
                { "nvmlMemory_v2_t", "version", 0, Between(&v2, &v2.Version) },
                { "nvmlMemory_v2_t", "total", 8, Between(&v2, &v2.Total) },
                { "nvmlMemory_v2_t", "reserved", 16, Between(&v2, &v2.Reserved) },
                { "nvmlMemory_v2_t", "free", 24, Between(&v2, &v2.Free) },
                { "nvmlMemory_v2_t", "used", 32, Between(&v2, &v2.Used) },
                { "nvmlProcessInfo_v1_t", "pid", 0, Between(&process, &process.Pid) },
                { "nvmlProcessInfo_v1_t", "usedGpuMemory", 8, Between(&process, &process.UsedGpuMemory) },
                { "nvmlProcessInfo_v2_t", "gpuInstanceId", 16, Between(&process, &process.GpuInstanceId) },
                { "nvmlProcessInfo_v2_t", "computeInstanceId", 20, Between(&process, &process.ComputeInstanceId) },
                { "nvmlProcessDetail_v1_t", "usedGpuCcProtectedMemory", 24, Between(&process, &process.UsedGpuCcProtectedMemory) },
                { "nvmlPciInfo_t", "busIdLegacy", 0, Between(&pci, pci.BusIdLegacy) },
                { "nvmlPciInfo_t", "domain", 16, Between(&pci, &pci.Domain) },
                { "nvmlPciInfo_t", "bus", 20, Between(&pci, &pci.Bus) },
                { "nvmlPciInfo_t", "device", 24, Between(&pci, &pci.Device) },
                { "nvmlPciInfo_t", "pciDeviceId", 28, Between(&pci, &pci.PciDeviceId) },
                { "nvmlPciInfo_t", "pciSubSystemId", 32, Between(&pci, &pci.PciSubSystemId) },
                { "nvmlPciInfo_t", "busId", 36, Between(&pci, pci.BusId) },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_structure_has_the_published_size_and_the_size_the_C_compiler_gives_it(string type, int published, int ours) =>
        Assert.Equal((published, published), (ours, (int)NvmlSim.SizeOf(type)));

    [Theory]
    [MemberData(nameof(Offsets))]
    public void A_field_lies_where_it_is_published_and_where_the_C_compiler_puts_it(string type, string field, int published, int ours) =>
        Assert.Equal((published, published), (ours, (int)NvmlSim.OffsetOf(type, field)));

    [Fact]
    public void The_version_of_memory_v2_is_its_size_and_a_two_on_top() => Assert.Equal(0x02000028u, NvmlMemoryV2.CurrentVersion);

    /// <summary>NVIDIA's header through pahole and gcc, where it is at hand, instead of our own reading of it.</summary>
    [SharedDataFact]
    public void The_simulators_structures_have_the_sizes_of_NVIDIAs_header()
    {
        var published = File.ReadLines(Path.Combine(SharedData.Folder!, "abi", "nvml_sizes.txt"))
            .Select(line => line.Split(' ')).ToDictionary(words => words[0], words => int.Parse(words[1]["size=".Length..]));
        var known = published.Keys.Where(type => NvmlSim.SizeOf(type) >= 0).ToArray();
        Assert.True(known.Length >= 14, string.Join(' ', known));
        Assert.All(known, type => Assert.Equal(published[type], (int)NvmlSim.SizeOf(type)));
    }

    private static int Between(void* start, void* field) => (int)((byte*)field - (byte*)start);
}
