using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>
/// The times a process gave cached memory back because the device was full: PyTorch's num_alloc_retries, seen from outside.
/// </summary>
public sealed class Wall
{
    /// <summary>A process that gives memory back while less than this share of its capacity is free has hit the wall …</summary>
    private const double FullShare = 0.045;
    /// <summary>… or less than this one, if it gives back little: what frees most of what it has does so on its own account.</summary>
    private const double NearShare = 0.14;
    private const double LittleShare = 0.2;
    /// <summary>The allocator gives whole segments back, and the large ones of PyTorch are no smaller (c10/cuda/CUDACachingAllocator, kLargeBuffer).</summary>
    private static readonly Bytes LeastRelease = Bytes.FromMiB(20);
    /// <summary>
    /// Those of small blocks are (kSmallBuffer). Anything gives so little back now and then: it counts where more has come to live than ever.
    /// </summary>
    private static readonly Bytes LeastTelling = Bytes.FromMiB(2);
    /// <summary>A wall hit again after this, and after a rest longer than the trouble before it, is another trouble.</summary>
    private const double RestSeconds = 60;

    public int Releases { get; private set; }
    /// <summary>Of the trouble that it is in, or was in last.</summary>
    public double FirstReleaseSeconds { get; private set; } = double.NaN;
    public double LastReleaseSeconds { get; private set; } = double.NegativeInfinity;
    /// <summary>… and it began during evaluation: training itself fits.</summary>
    public bool IsOfEvaluation { get; private set; }

    /// <summary>What the allocator held when it was last hit, and the most of it that had ever been live; null where the process tells neither.</summary>
    public (Bytes Reserved, Bytes Live)? Cache { get; private set; }

    /// <summary>The process fell from <paramref name="before"/>, when so much was free, to <paramref name="used"/>, with so much live of now and of ever before.</summary>
    internal void Fell(double time, Bytes before, Bytes freeBefore, Bytes used, bool isEvaluating, Bytes? reserved, Bytes? live, Bytes? livePeak)
    {
        var (share, released) = (freeBefore / (before + freeBefore), before - used);
        if (released < (live > livePeak ? LeastTelling : LeastRelease) || (share >= FullShare && (share >= NearShare || released >= before * LittleShare)))
        {
            return;
        }
        if (Releases == 0 || time - LastReleaseSeconds > Math.Max(RestSeconds, LastReleaseSeconds - FirstReleaseSeconds))
        {
            (FirstReleaseSeconds, IsOfEvaluation) = (time, isEvaluating);
        }
        LastReleaseSeconds = time;
        Cache = reserved is { } held && livePeak is { } peak ? (held, peak) : Cache;
        Releases++;
    }
}
