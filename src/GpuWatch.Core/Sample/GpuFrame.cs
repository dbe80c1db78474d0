using System.Collections.Immutable;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Sample;

/// <summary>One GPU at one instant: its memory and who holds it. The element all folds consume, live or replayed.</summary>
/// <param name="TimeSeconds">When it was read: seconds since the recording's start or since the Unix epoch.</param>
/// <param name="Gpu">Index of the GPU.</param>
/// <param name="Total">Memory of the card.</param>
/// <param name="Used">In use by all tenants, without the driver's reserve when that is known apart.</param>
/// <param name="Reserved">What the driver and firmware keep for themselves; null when the driver does not tell it apart.</param>
/// <param name="Free">As the driver reports it; null when unknown (then Total − Used − Reserved).</param>
/// <param name="Processes">Tenants by ascending pid; empty when nobody runs; one entry with a null pid when only the device is known.</param>
public sealed record GpuFrame(
    double TimeSeconds,
    int Gpu,
    Bytes Total,
    Bytes Used,
    Bytes? Reserved,
    Bytes? Free,
    ImmutableArray<ProcessReading> Processes)
{
    /// <summary>Σ processes + reserved + unattributed = total − free: what no listed process owns. Null when some process's bytes are unknown.</summary>
    public Bytes? Unattributed
    {
        get
        {
            var known = Reserved ?? Bytes.Zero;
            foreach (var process in Processes)
            {
                if (process.Used is not { } used)
                {
                    return null;
                }
                known += used;
            }
            return Total - Available - known;
        }
    }

    /// <summary>A process on it tells of its own allocator, which moves where the device's memory stands still.</summary>
    public bool TellsOfItself
    {
        get
        {
            foreach (var process in Processes)
            {
                if (process.TorchAllocated is not null)
                {
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>Bytes a new allocation can still take from the device.</summary>
    public Bytes Available => Free ?? Total - Used - (Reserved ?? Bytes.Zero);
}
