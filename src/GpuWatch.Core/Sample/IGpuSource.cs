using System.Collections.Immutable;

namespace GpuWatch.Core.Sample;

/// <summary>Where frames come from: the driver, or a double in tests.</summary>
public interface IGpuSource : IDisposable
{
    /// <summary>The GPUs found when the source was opened.</summary>
    ImmutableArray<GpuInfo> Gpus { get; }

    /// <summary>Whether the driver lists other GPUs or MIG instances than it did then: another source has to be opened to see them. Some cheap calls.</summary>
    bool HasChanged();

    /// <summary>
    /// Whether a process that tells of its own allocator may have told something new since the last reading of this GPU with its
    /// processes. True where that cannot be known beforehand.
    /// </summary>
    bool HasTold(int gpu) => true;

    /// <summary>Reads one GPU now; a failure is an outcome with a fault, never an exception.</summary>
    /// <param name="timeSeconds">The time the frame will carry.</param>
    /// <param name="withProcesses">False reads the device's memory only, which is far cheaper; the frame then lists no processes.</param>
    GpuOutcome Read(int gpu, double timeSeconds, bool withProcesses);
}
