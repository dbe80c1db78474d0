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
    private readonly string?[] listed;

    private NvmlGpuSource(NvmlSession session, ImmutableArray<NvmlGpu> found, ImmutableArray<GpuInfo> removed, string?[] listed)
    {
        (this.session, this.listed) = (session, listed);
        gpus = found.ToDictionary(gpu => gpu.Info.Index);
        Gpus = [.. found.Select(gpu => gpu.Info), .. removed];
    }

    public ImmutableArray<GpuInfo> Gpus { get; }

    /// <summary>Loads NVML and finds the GPUs.</summary>
    /// <param name="path">The library's file; null for the system's (libnvidia-ml.so.1, nvml.dll).</param>
    /// <param name="numbers">What the GPUs were numbered by the session before; those that were removed since say so when they are read. Null: there was none.</param>
    public static GpuOpening Open(string? path, GpuNumbers? numbers = null)
    {
        if (NvmlLoader.Load(path) is { } why)
        {
            return new(null, new Fault(FaultKind.LibraryNotFound, $"NVML cannot be loaded: {why}."));
        }
        var code = NvmlSession.Open(out var session);
        if (code == NvmlReturn.Success)
        {
            // Listed first: what comes between the two is then seen as a change.
            var listed = NvmlInventory.List();
            code = NvmlInventory.Find(numbers ?? new(), out var found, out var removed);
            if (code == NvmlReturn.Success)
            {
                return new(new NvmlGpuSource(session, found, removed, listed), null);
            }
            session.Dispose();
        }
        return new(null, NvmlFault.Of(code, "NVML"));
    }

    public bool HasChanged() => NvmlInventory.Differs(listed, NvmlInventory.List());

    public GpuOutcome Read(int gpu, double timeSeconds, bool withProcesses) =>
        gpus.TryGetValue(gpu, out var there) ? there.Read(timeSeconds, withProcesses) : GpuOutcome.Of(gpu, Removed(gpu));

    public void Dispose() => session.Dispose();

    private Fault Removed(int gpu)
    {
        var info = Gpus.First(one => one.Index == gpu);
        return new(FaultKind.Removed, info.ParentUuid is null
            ? $"GPU {gpu} ({info.Uuid}) is now cut into MIG instances, which are watched in its place."
            : $"GPU {gpu}, the MIG instance {info.Uuid}, was destroyed.");
    }
}
