using System.Runtime.InteropServices;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Nvml;

/// <summary>Every symbol that the readers people have look up (seen with LD_DEBUG=symbols), under its exact name.</summary>
public sealed class ExportTests
{
    private const string Nvtop = """
        nvmlInit_v2 nvmlShutdown nvmlErrorString nvmlDeviceGetCount_v2 nvmlDeviceGetHandleByIndex_v2 nvmlDeviceGetName nvmlDeviceGetPciInfo_v3
        nvmlDeviceGetMaxPcieLinkGeneration nvmlDeviceGetMaxPcieLinkWidth nvmlDeviceGetTemperatureThreshold nvmlDeviceGetClockInfo nvmlDeviceGetMaxClockInfo
        nvmlDeviceGetUtilizationRates nvmlDeviceGetMemoryInfo_v2 nvmlDeviceGetMemoryInfo nvmlDeviceGetCurrPcieLinkGeneration nvmlDeviceGetCurrPcieLinkWidth
        nvmlDeviceGetPcieThroughput nvmlDeviceGetFanSpeed nvmlDeviceGetTemperature nvmlDeviceGetPowerUsage nvmlDeviceGetEnforcedPowerLimit
        nvmlDeviceGetEncoderUtilization nvmlDeviceGetDecoderUtilization
        nvmlDeviceGetGraphicsRunningProcesses nvmlDeviceGetGraphicsRunningProcesses_v2 nvmlDeviceGetGraphicsRunningProcesses_v3
        nvmlDeviceGetComputeRunningProcesses nvmlDeviceGetComputeRunningProcesses_v2 nvmlDeviceGetComputeRunningProcesses_v3
        nvmlDeviceGetMPSComputeRunningProcesses nvmlDeviceGetMPSComputeRunningProcesses_v2 nvmlDeviceGetMPSComputeRunningProcesses_v3
        nvmlDeviceGetProcessUtilization nvmlDeviceGetMigMode
        """;

    private const string Gpustat = """
        nvmlInitWithFlags nvmlShutdown nvmlSystemGetDriverVersion nvmlDeviceGetCount_v2 nvmlDeviceGetHandleByIndex_v2 nvmlDeviceGetIndex nvmlDeviceGetName
        nvmlDeviceGetUUID nvmlDeviceGetTemperature nvmlDeviceGetFanSpeed nvmlDeviceGetMemoryInfo_v2 nvmlDeviceGetUtilizationRates
        nvmlDeviceGetEncoderUtilization nvmlDeviceGetDecoderUtilization nvmlDeviceGetPowerUsage nvmlDeviceGetEnforcedPowerLimit
        nvmlDeviceGetComputeRunningProcesses_v3 nvmlDeviceGetGraphicsRunningProcesses_v3
        """;

    /// <summary>The last two are looked up to tell drivers apart: nvitop reads _v3 lists wrongly when only the first of them is there.</summary>
    private const string Nvitop = """
        nvmlInitWithFlags nvmlShutdown nvmlSystemGetDriverVersion nvmlSystemGetCudaDriverVersion nvmlDeviceGetCount_v2 nvmlDeviceGetHandleByIndex_v2
        nvmlDeviceGetUUID nvmlDeviceIsMigDeviceHandle nvmlDeviceGetMigMode nvmlDeviceGetName nvmlDeviceGetPciInfo_v3 nvmlDeviceGetMemoryInfo_v2
        nvmlDeviceGetUtilizationRates nvmlDeviceGetEncoderUtilization nvmlDeviceGetDecoderUtilization nvmlDeviceGetFanSpeed nvmlDeviceGetTemperatureV
        nvmlDeviceGetPowerUsage nvmlDeviceGetPowerManagementLimit nvmlDeviceGetDisplayActive nvmlDeviceGetDriverModel_v2 nvmlDeviceGetPersistenceMode
        nvmlDeviceGetPerformanceState nvmlDeviceGetTotalEccErrors nvmlDeviceGetComputeMode nvmlDeviceGetComputeRunningProcesses_v3
        nvmlDeviceGetGraphicsRunningProcesses_v3 nvmlDeviceGetProcessUtilization nvmlDeviceGetFieldValues
        nvmlDeviceGetConfComputeMemSizeInfo nvmlDeviceGetRunningProcessDetailList
        """;

    [Theory]
    [InlineData(Nvtop, 35)]
    [InlineData(Gpustat, 18)]
    [InlineData(Nvitop, 31)]
    public void The_simulator_exports_what_a_reader_looks_up(string symbols, int count)
    {
        var library = NativeLibrary.Load(NvmlSim.Path);
        var names = Names(symbols);
        Assert.Equal(count, names.Length);
        Assert.All(names, name => Assert.True(NativeLibrary.TryGetExport(library, name, out _), name));
    }

    [Fact]
    public void Both_library_names_are_there_and_nothing_of_the_inside_is_exported()
    {
        var link = Repository.PathOf("artifacts", "native", "libnvidia-ml.so");
        Assert.Equal("libnvidia-ml.so.1", new FileInfo(link).LinkTarget);
        var library = NativeLibrary.Load(link);
        Assert.False(NativeLibrary.TryGetExport(library, "sim_begin", out _));
        Assert.False(NativeLibrary.TryGetExport(library, "scene_read", out _));
    }

    [Fact]
    public void The_old_driver_really_lacks_the_newer_symbols()
    {
        var library = NativeLibrary.Load(Repository.PathOf("artifacts", "native", "r440", "libnvidia-ml.so.1"));
        string[] newer = ["nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetComputeRunningProcesses_v2", "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetConfComputeMemSizeInfo"];
        Assert.All(newer, name => Assert.False(NativeLibrary.TryGetExport(library, name, out _), name));
        Assert.True(NativeLibrary.TryGetExport(library, "nvmlDeviceGetComputeRunningProcesses", out _));
    }

    private static string[] Names(string symbols) => symbols.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
