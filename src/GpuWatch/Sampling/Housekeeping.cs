using System.Runtime.InteropServices;
using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Sampling;

/// <summary>
/// Collects the youngest garbage once a minute, or sooner when some of it has gathered: left alone the runtime waits for 16 MB,
/// which stay resident; collecting it takes well under a millisecond. Once a minute it also hands back what the C library keeps
/// of memory that was freed, most of it the compiler's after the start.
/// </summary>
internal sealed class Housekeeping : ISampleSink
{
    private const double EverySeconds = 60;
    private const long EveryBytes = 2 << 20;

    private double next;
    private long allocated;
    private bool canTrim = OperatingSystem.IsLinux();

    public void Accept(Sweep sweep)
    {
        var sofar = GC.GetTotalAllocatedBytes();
        var isDue = sweep.TimeSeconds >= next;
        if (isDue || sofar - allocated >= EveryBytes)
        {
            allocated = sofar;
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }
        if (isDue)
        {
            next = sweep.TimeSeconds + EverySeconds;
            Trim();
        }
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
