using System.Runtime.InteropServices;

namespace GpuWatch.Store.Sqlite;

/// <summary>
/// Samples into least, mean and most over spans of one length: a fold with no clock. A span is complete when a sample of another
/// one comes, so that at most one span is open and what is held is bounded by the processes alive in it.
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
        CollectionsMarshal.GetValueRefOrAddDefault(open, (gpu, pid ?? Device), out _).Add(used);
    }

    /// <summary>The points of the open span, which may yet be continued: whoever stores them joins the parts of a span.</summary>
    public void Drain(List<RollupPoint> complete)
    {
        foreach (var ((gpu, pid), span) in open)
        {
            complete.Add(new RollupPoint(
                everySeconds, start, gpu, pid == Device ? null : pid, span.Least, span.Sum / span.Count, span.Most, span.Count));
        }
        open.Clear();
    }

    private struct Span
    {
        public long Least, Most, Count;
        public double Sum;

        public void Add(long used)
        {
            Least = Count == 0 ? used : Math.Min(Least, used);
            Most = Count == 0 ? used : Math.Max(Most, used);
            Sum += used;
            Count++;
        }
    }
}
