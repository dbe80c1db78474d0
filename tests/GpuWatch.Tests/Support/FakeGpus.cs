using System.Collections.Immutable;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Support;

/// <summary>GPUs whose memory a test sets; it notes what was asked and when.</summary>
internal sealed class FakeGpus(int count = 1) : IGpuSource
{
    private readonly Bytes[] used = new Bytes[count];
    private readonly Fault?[] faults = new Fault?[count];

    public Bytes Total { get; init; } = Bytes.FromGiB(16);
    /// <summary>What the process tells of itself.</summary>
    public Bytes? TorchAllocated { get; init; }
    public List<(double TimeSeconds, int Gpu, bool WithProcesses)> Reads { get; } = [];
    public Action<int> OnRead { get; set; } = _ => { };
    public bool IsDisposed { get; private set; }

    public ImmutableArray<GpuInfo> Gpus { get; init; } =
        [.. Enumerable.Range(0, count).Select(i => new GpuInfo(i, $"GPU-{i}", "Fake 16 GB", null, "1.0", Bytes.FromGiB(16)))];

    public void Use(double gib, int gpu = 0) => (used[gpu], faults[gpu]) = (Bytes.FromGiB(gib), null);

    public void Fail(FaultKind kind, int gpu = 0) => faults[gpu] = new Fault(kind, kind.ToString());

    /// <summary>What the driver would say when it is asked whether it lists others now.</summary>
    public bool Changes { get; set; }

    public bool HasChanged() => Changes;

    public GpuOutcome Read(int gpu, double timeSeconds, bool withProcesses)
    {
        Reads.Add((timeSeconds, gpu, withProcesses));
        OnRead(gpu);
        if (faults[gpu] is { } fault)
        {
            return GpuOutcome.Of(gpu, fault);
        }
        ImmutableArray<ProcessReading> processes = withProcesses ? [new ProcessReading(4242, used[gpu], TorchAllocated)] : [];
        return GpuOutcome.Of(new GpuFrame(timeSeconds, gpu, Total, used[gpu], null, Total - used[gpu], processes));
    }

    public void Dispose() => IsDisposed = true;
}
