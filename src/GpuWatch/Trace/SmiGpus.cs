using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>Which GPU a row is of, and what must hold from row to row: time goes on, and the card keeps its size.</summary>
internal sealed class SmiGpus
{
    /// <summary>More cards than any machine has: beyond it the column is none that tells GPUs apart.</summary>
    private const int Most = 256;

    /// <summary>nvidia-smi reads GPUs one after the other, so that rows of two GPUs may pass each other by as much.</summary>
    private const double ApartSeconds = 1;

    private readonly List<byte[]> names = [];
    private double latestSeconds;
    private int latestGpu = -1;
    private Bytes? latestTotal;

    /// <summary>The GPU of a uuid or bus address: numbered in the order they appear. Null: there are too many.</summary>
    public int? Named(ReadOnlySpan<byte> name)
    {
        for (var gpu = 0; gpu < names.Count; gpu++)
        {
            if (name.SequenceEqual(names[gpu]))
            {
                return gpu;
            }
        }
        if (names.Count == Most)
        {
            return null;
        }
        names.Add(name.ToArray());
        return names.Count - 1;
    }

    /// <summary>The time the row counts at; null when time runs backwards.</summary>
    public double? Next(int gpu, double seconds)
    {
        if (seconds < latestSeconds)
        {
            if (gpu == latestGpu || latestSeconds - seconds > ApartSeconds)
            {
                return null;
            }
            seconds = latestSeconds;
        }
        (latestSeconds, latestGpu) = (seconds, gpu);
        return seconds;
    }

    /// <summary>The total is another one than in the row before.</summary>
    public bool ChangesTotal(Bytes total)
    {
        var changes = latestTotal is { } known && known != total;
        latestTotal = total;
        return changes;
    }
}
