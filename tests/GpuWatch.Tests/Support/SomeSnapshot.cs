using GpuWatch.Core.Allocator.Snapshots;

namespace GpuWatch.Tests.Support;

/// <summary>A small memory snapshot that snapshot-maker.py wrote (Traces/README.md).</summary>
internal static class SomeSnapshot
{
    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "Traces", "snapshot.pickle");

    public static MemorySnapshot Read(string path)
    {
        using var file = File.OpenRead(path);
        return SnapshotReader.Read(file, path);
    }

    public static MemorySnapshot Read(byte[] pickle) => SnapshotReader.Read(new MemoryStream(pickle), "x.pickle");

    /// <summary>Of its only device.</summary>
    public static SnapshotReport Report(MemorySnapshot snapshot) => SnapshotReport.Of(Assert.Single(snapshot.Devices), snapshot.Settings);
}
