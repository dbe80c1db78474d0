using System.Collections.Immutable;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Support;

/// <summary>Sweeps made from numbers.</summary>
internal static class Sweeps
{
    /// <summary>One GPU of 16 GiB with processes 1000, 1001, …, all holding <paramref name="usedMiB"/>.</summary>
    public static Sweep Of(double timeSeconds, double usedMiB = 100, int processes = 1, int gpu = 0)
    {
        var used = Bytes.FromMiB(usedMiB);
        ImmutableArray<ProcessReading> all = [.. Enumerable.Range(1000, processes).Select(pid => new ProcessReading(pid, used))];
        return new Sweep(timeSeconds, [GpuOutcome.Of(new GpuFrame(timeSeconds, gpu, Bytes.FromGiB(16), used * processes, null, null, all))]);
    }
}
