using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>
/// PyTorch gives each thread that multiplies matrices a cuBLAS handle, and each handle a workspace from its own allocator: one after inference, two
/// once a backward pass has run, as memory snapshots show.
/// </summary>
internal static class Cublas
{
    public const string Source = "PyTorch, CublasHandlePool.cpp: 4096 KiB · 2 + 16 KiB · 8, on Hopper and later 32 MiB";

    private const long Usual = (4096 * 2 + 16 * 8) * 1024;
    private const long SinceHopper = 32 << 20;
    private const double Hopper = 9;

    /// <summary>Bytes of one workspace; 0 where no known GPU is named: a plan for nobody's card has none.</summary>
    [Formula(Source)]
    public static long Workspace(Job job) =>
        job.GpuName is { } name && Gpu.Find(name, job.GpuMemGb) is { } gpu ? gpu.ComputeCapability >= Hopper ? SinceHopper : Usual : 0;
}
