using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>A run of consecutive rising samples: where it began and how it goes. A sample that does not rise ends it.</summary>
public sealed class Ramp
{
    private double startSeconds;
    private Bytes startLevel;
    private Bytes level;
    private Bytes mark;
    private Bytes leastRise;
    private double levelSeconds = double.NaN;

    /// <summary>Rising samples in a row; 0 on a plateau.</summary>
    public int Rises { get; private set; }
    /// <summary>Highest level before it began.</summary>
    public Bytes MarkBefore { get; private set; }
    /// <summary>Its samples rise alike: none by less than half of the mean.</summary>
    public bool IsEven => Rises > 0 && leastRise * (2.0 * Rises) >= Grown;
    public Bytes Grown => level - startLevel;
    public double ElapsedSeconds => levelSeconds - startSeconds;
    public double BytesPerSecond => ElapsedSeconds > 0 ? Grown.Count / ElapsedSeconds : 0;

    public void Observe(double timeSeconds, Bytes used)
    {
        if (Rises == 0 || used <= level)
        {
            (startSeconds, startLevel, Rises, MarkBefore) = (levelSeconds, level, 0, mark);
        }
        if (used > level)
        {
            leastRise = Rises == 0 ? used - level : Bytes.Min(leastRise, used - level);
            Rises = double.IsNaN(levelSeconds) ? 0 : Rises + 1;
        }
        mark = Bytes.Max(mark, used);
        (level, levelSeconds) = (used, timeSeconds);
    }
}
