using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>A rise with short rests: it goes on until nothing has risen for a while, or it falls back.</summary>
/// <param name="restSeconds">A rest longer than this ends it.</param>
public sealed class Climb(double restSeconds)
{
    private const double FallShare = 0.02;

    private Bytes startLevel;
    private Bytes top;
    private double startSeconds = double.NaN;
    private double topSeconds;

    public Bytes Grown => top - startLevel;
    public double ElapsedSeconds => topSeconds - startSeconds;
    public double BytesPerSecond => ElapsedSeconds > 0 ? Grown.Count / ElapsedSeconds : 0;

    public void Observe(double time, Bytes level)
    {
        if (double.IsNaN(startSeconds) || time - topSeconds > restSeconds || level < top * (1 - FallShare))
        {
            (startSeconds, startLevel, top, topSeconds) = (time, level, level, time);
        }
        else if (level > top)
        {
            if (Grown == Bytes.Zero)
            {
                startSeconds = topSeconds;
            }
            (top, topSeconds) = (level, time);
        }
        else if (Grown == Bytes.Zero)
        {
            topSeconds = time;
        }
    }
}
