using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Support;

/// <summary>A plan with round numbers, for what shows or weighs plans.</summary>
internal static class SomePlan
{
    /// <summary>All components together are the likely device peak; the interval is 10 % to either side.</summary>
    public static Plan OfGiB(double device) => new()
    {
        PeakAllocated = Range(device * 0.8),
        PeakReserved = Range(device * 0.95),
        PeakDevice = Range(device),
        PeakPhase = Phase.FirstBackward,
        Components = new(
            GiB(device * 0.2), Bytes.Zero, GiB(device * 0.1), GiB(device * 0.1), GiB(device * 0.3), GiB(device * 0.1),
            Bytes.Zero, Bytes.Zero, GiB(device * 0.05), GiB(device * 0.15)),
        Phases = new(GiB(device * 0.2), GiB(device * 0.6), GiB(device * 0.8), GiB(device * 0.5), GiB(device * 0.7)),
        Assumed = ["optimizer adamw_torch", "attention sdpa"],
        Warnings = ["seq_len is an upper bound"],
    };

    private static ByteRange Range(double likely) => new(GiB(likely * 0.9), GiB(likely), GiB(likely * 1.1));

    private static Bytes GiB(double size) => Bytes.FromGiB(size);
}
