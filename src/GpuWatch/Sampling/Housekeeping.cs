using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Sampling;

/// <summary>
/// Collects the youngest garbage once a minute. Left alone the runtime waits until 16 MB of it have gathered, which at our
/// rate is half an hour of slowly growing resident memory; collecting it takes well under a millisecond.
/// </summary>
internal sealed class Housekeeping : ISampleSink
{
    private const double EverySeconds = 60;

    private double next;

    public void Accept(Sweep sweep)
    {
        if (sweep.TimeSeconds >= next)
        {
            next = sweep.TimeSeconds + EverySeconds;
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }
    }
}
