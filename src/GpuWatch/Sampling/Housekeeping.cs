using System.Runtime.InteropServices;
using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Sampling;

/// <summary>
/// Collects the youngest garbage when some of it has gathered: left alone the runtime waits for 16 MB, which stay resident;
/// collecting it takes well under a millisecond. Twice a minute everything is collected (some 5 MB live, a few milliseconds) and
/// given back, with what the C library keeps of memory that was freed: most of it is of a burst, such as the first seconds'.
/// </summary>
internal sealed class Housekeeping : ISampleSink
{
    private const double EverySeconds = 30;
    private const long EveryBytes = 2 << 20;

    private double next;
    private long allocated;
    private bool canTrim = OperatingSystem.IsLinux();

    public void Accept(Sweep sweep)
    {
        if (sweep.TimeSeconds >= next)
        {
            next = sweep.TimeSeconds + EverySeconds;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            Trim();
        }
        else if (GC.GetTotalAllocatedBytes() - allocated >= EveryBytes)
        {
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }
        else
        {
            return;
        }
        allocated = GC.GetTotalAllocatedBytes();
    }

    private void Trim()
    {
        if (!canTrim)
        {
            return;
        }
        try
        {
            _ = Trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library other than GNU's keeps little.
            canTrim = false;
        }
    }

    [DllImport("libc", EntryPoint = "malloc_trim")]
    private static extern int Trim(nuint keep);
}
