namespace GpuWatch.Benchmarks.Jobs;

/// <summary>What a sample holds. Bytes; the last two are null when the process does not tell.</summary>
internal readonly record struct Row(double Time, long Used, long DeviceUsed, long DeviceTotal, long? Allocated, long? Reserved);

/// <summary>The card while the job runs: time goes on, samples are taken, a neighbour grows, and requests are granted or refused.</summary>
internal sealed class Machine
{
    private readonly Course course;
    private readonly Player player;
    private long others, context;
    private int samples;

    public Machine(Course course)
    {
        this.course = course;
        player = new(course.Room);
        others = course.Card.Others;
    }

    public List<Row> Rows { get; } = [];

    public double Time { get; private set; }

    /// <summary>The request that was refused; null = none was.</summary>
    public long? Refused { get; private set; }

    public Core.Allocator.CachingAllocator Allocator => player.Allocator;

    /// <summary>Samples all that are due before that time.</summary>
    public void Until(double time)
    {
        for (var due = samples * course.Pace.Period; due < time; due = ++samples * course.Pace.Period)
        {
            Rows.Add(Sample(due));
        }
        Pass(time);
    }

    public void MakeContext(int thirds)
    {
        // The first of three reads finds a fifth of it, the second three.
        context = course.Card.Context * (2 * thirds - 1) / 5;
    }

    /// <returns>False = the process has died.</returns>
    public bool Play(in Event made)
    {
        if (player.Play(made))
        {
            return true;
        }
        return Die(made.Bytes);
    }

    /// <returns>Null = the process has died.</returns>
    public int? Hold(long bytes)
    {
        if (Allocator.TryAllocate(bytes, out var block))
        {
            return block;
        }
        Die(bytes);
        return null;
    }

    private bool Die(long request)
    {
        Refused = request;
        Time = Math.Round(Time, 3);
        // A sample of that millisecond gives way: a process is told once at a time.
        Rows.RemoveAll(row => row.Time >= Time);
        Rows.Add(Sample(Time));
        return false;
    }

    private Row Sample(double time)
    {
        Pass(time);
        var used = context + Allocator.Reserved;
        return new(time, used, others + used, course.Card.Total, course.Tells ? Allocator.Allocated : null, course.Tells ? Allocator.Reserved : null);
    }

    private void Pass(double time)
    {
        Time = time;
        if (course.Neighbour is { } neighbour)
        {
            var free = course.Card.Total - course.Card.Context - Allocator.Reserved;
            others = Math.Max(others, Math.Min(course.Card.Others + neighbour.Wanted(time), free));
            Allocator.Resize(course.Card.Total - course.Card.Context - others);
        }
    }
}
