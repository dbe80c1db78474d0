using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Nvml;

/// <summary>A source that was opened, or the fault that prevented it.</summary>
public sealed record GpuOpening(IGpuSource? Source, Fault? Fault);

/// <summary>The GPUs that NVML shows. Calls block for as long as the driver does: the agent reads through <see cref="GuardedGpus"/>.</summary>
public sealed class NvmlGpuSource : IGpuSource
{
    private readonly NvmlSession session;
    private readonly Dictionary<int, NvmlGpu> gpus;

    private NvmlGpuSource(NvmlSession session, ImmutableArray<NvmlGpu> found)
    {
        this.session = session;
        gpus = found.ToDictionary(gpu => gpu.Info.Index);
        Gpus = [.. found.Select(gpu => gpu.Info)];
    }

    public ImmutableArray<GpuInfo> Gpus { get; }

    /// <summary>Loads NVML and finds the GPUs.</summary>
    /// <param name="path">The library's file; null for the system's (libnvidia-ml.so.1, nvml.dll).</param>
    public static GpuOpening Open(string? path)
    {
        if (NvmlLoader.Load(path) is { } why)
        {
            return new(null, new Fault(FaultKind.LibraryNotFound, $"NVML cannot be loaded: {why}."));
        }
        var code = NvmlSession.Open(out var session);
        if (code == NvmlReturn.Success)
        {
            code = NvmlInventory.Find(out var found);
            if (code == NvmlReturn.Success)
            {
                return new(new NvmlGpuSource(session, found), null);
            }
            session.Dispose();
        }
        return new(null, NvmlFault.Of(code, "NVML"));
    }

    public GpuOutcome Read(int gpu, double timeSeconds, bool withProcesses) => gpus[gpu].Read(timeSeconds, withProcesses);

    public void Dispose() => session.Dispose();
}
