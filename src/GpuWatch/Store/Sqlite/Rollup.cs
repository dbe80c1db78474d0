using System.Runtime.InteropServices;

namespace GpuWatch.Store.Sqlite;

/// <summary>
/// Samples into least, mean and most over spans of one length: a fold with no clock. Samples come ten times a second while memory moves
/// and once else, so the mean is over time: each counts until the next, the last of a span for as long as the one before it. A span
/// is complete when a sample of another one comes, so that at most one span is open and what is held is bounded by the processes
/// alive in it.
/// </summary>
internal sealed class Rollup(int everySeconds)
{
    private const int Device = -1;
    private readonly Dictionary<(int Gpu, int Pid), Span> open = [];
    private double start = double.NaN;

    /// <summary>Adds a sample; the points of the span that it ends go to <paramref name="complete"/>.</summary>
    public void Take(double timeSeconds, int gpu, int? pid, long used, List<RollupPoint> complete)
    {
        var span = Math.Floor(timeSeconds / everySeconds) * everySeconds;
        if (span != start)
        {
            Drain(complete);
            start = span;
        }
        CollectionsMarshal.GetValueRefOrAddDefault(open, (gpu, pid ?? Device), out _).Add(timeSeconds, used);
    }

    /// <summary>The points of the open span, which may yet be continued: whoever stores them joins the parts of a span.</summary>
    public void Drain(List<RollupPoint> complete)
    {
        foreach (var ((gpu, pid), span) in open)
        {
            complete.Add(new RollupPoint(
                everySeconds, start, gpu, pid == Device ? null : pid, span.Least, span.Mean, span.Most, span.Count));
        }
        open.Clear();
    }

    private struct Span
    {
        public long Least, Most, Count;
        private long last;
        private double lastAt, lastSeconds, seconds, byteSeconds;

        /// <summary>Times that do not move on weigh nothing: then the last stands for all. Rounding leads out of no bound.</summary>
        public readonly double Mean => seconds > 0 ? Math.Clamp((byteSeconds + (last * lastSeconds)) / (seconds + lastSeconds), Least, Most) : last;

        public void Add(double timeSeconds, long used)
        {
            Least = Count == 0 ? used : Math.Min(Least, used);
            Most = Count == 0 ? used : Math.Max(Most, used);
            if (Count > 0)
            {
                lastSeconds = timeSeconds - lastAt;
                seconds += lastSeconds;
                byteSeconds += last * lastSeconds;
            }
            (last, lastAt) = (used, timeSeconds);
            Count++;
        }
    }
}
