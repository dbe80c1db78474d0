using System.Collections.Immutable;

namespace GpuWatch.Core.Sample;

/// <summary>One sweep of all GPUs. A GPU that failed carries a fault and no frame, never an old one.</summary>
public sealed record Sweep(double TimeSeconds, ImmutableArray<GpuOutcome> Gpus);

/// <summary>A GPU's frame, or the fault that prevented it.</summary>
public sealed record GpuOutcome(int Gpu, GpuFrame? Frame, Fault? Fault)
{
    public static GpuOutcome Of(GpuFrame frame) => new(frame.Gpu, frame, null);
    public static GpuOutcome Of(int gpu, Fault fault) => new(gpu, null, fault);
}
