using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Store.Sqlite;

/// <summary>Sweeps as a store gets them.</summary>
internal static class StoredSweeps
{
    /// <summary>One GPU of 1000 bytes and the processes on it.</summary>
    public static Sweep At(double seconds, long used, params (int Pid, long? Used)[] processes) => new(seconds,
    [
        GpuOutcome.Of(new GpuFrame(
            seconds, 0, new Bytes(1000), new Bytes(used), null, null,
            [.. processes.Select(process => new ProcessReading(process.Pid, process.Used is { } known ? new Bytes(known) : null))])),
    ]);
}
