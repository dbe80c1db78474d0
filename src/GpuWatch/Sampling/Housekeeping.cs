using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Sampling;

/// <summary>
/// Collects the youngest garbage once a minute, or sooner when a few MB of it have gathered. Left alone the runtime waits for
/// 16 MB of it, which stay resident; collecting it takes well under a millisecond.
/// </summary>
internal sealed class Housekeeping : ISampleSink
{
    private const double EverySeconds = 60;
    private const long EveryBytes = 4 << 20;

    private double next;
    private long allocated;

    public void Accept(Sweep sweep)
    {
        var sofar = GC.GetTotalAllocatedBytes();
        if (sweep.TimeSeconds >= next || sofar - allocated >= EveryBytes)
        {
            (next, allocated) = (sweep.TimeSeconds + EverySeconds, sofar);
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }
    }
}
