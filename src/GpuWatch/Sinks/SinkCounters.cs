namespace GpuWatch.Sinks;

/// <summary>What a sink did with what it was given; shown on /metrics so that nothing is lost in silence. Thread-safe.</summary>
/// <param name="name">The label under which it is shown: sqlite, influxdb, otlp, events, …</param>
internal sealed class SinkCounters(string name)
{
    private long written, rejected, dropped;
    private volatile string? problem;

    public string Name => name;

    /// <summary>Points the far side took.</summary>
    public long Written => Interlocked.Read(ref written);

    /// <summary>Points the far side refused for good.</summary>
    public long Rejected => Interlocked.Read(ref rejected);

    /// <summary>Points thrown away because the queue was full.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Why it cannot deliver now, in words for a person; null while all is well. Shown as the sink's health.</summary>
    public string? Problem => problem;

    /// <summary>Points waiting. Set by the queue's owner.</summary>
    public Func<int> Queued { get; set; } = () => 0;

    public void CountWritten(long points) => Interlocked.Add(ref written, points);
    public void CountRejected(long points) => Interlocked.Add(ref rejected, points);
    public void CountDropped(long points) => Interlocked.Add(ref dropped, points);

    /// <summary>Says each new problem once, and its end. One thread at a time.</summary>
    /// <param name="now">Why it cannot deliver; null when all is well.</param>
    public void Report(string? now, Action<string> say)
    {
        if (now != problem)
        {
            problem = now;
            say(now is null ? $"{Name}: delivering again" : $"{Name}: {now}");
        }
    }
}
