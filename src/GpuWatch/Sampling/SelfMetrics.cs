using System.Collections.Immutable;
using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Sampling;

/// <summary>What the agent tells about itself. Written by the sampling thread, read by any.</summary>
internal sealed class SelfMetrics(TimeProvider time)
{
    /// <summary>Upper bounds of the sampling duration's buckets, in seconds.</summary>
    public static readonly double[] DurationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

    private static readonly int Kinds = Enum.GetValues<FaultKind>().Length;

    private readonly long[] durations = new long[DurationBounds.Length + 1];
    private readonly long[] failed = new long[Kinds];
    private long sweeps, samples, durationTicks, refused;

    /// <summary>The sinks that report what became of their points.</summary>
    public List<SinkCounters> Sinks { get; } = [];

    public long Sweeps => Interlocked.Read(ref sweeps);

    /// <summary>Readings of a GPU that gave data.</summary>
    public long Samples => Interlocked.Read(ref samples);

    public double DurationSeconds => Interlocked.Read(ref durationTicks) / (double)TimeSpan.TicksPerSecond;

    /// <summary>Times that what a process told of itself was not believed.</summary>
    public long Refused => Interlocked.Read(ref refused);

    public void Refuse() => Interlocked.Increment(ref refused);

    public long Failed(FaultKind kind) => Interlocked.Read(ref failed[(int)kind]);

    /// <summary>Sweeps in a bucket of their own duration; the last bucket is all that took longer.</summary>
    public long InBucket(int bucket) => Interlocked.Read(ref durations[bucket]);

    public long Begin() => time.GetTimestamp();

    public void End(long began, ImmutableArray<GpuOutcome>.Builder outcomes)
    {
        var took = time.GetElapsedTime(began);
        Interlocked.Increment(ref sweeps);
        Interlocked.Add(ref durationTicks, took.Ticks);
        Interlocked.Increment(ref durations[Bucket(took.TotalSeconds)]);
        foreach (var outcome in outcomes)
        {
            Interlocked.Increment(ref outcome.Fault is { } fault ? ref failed[(int)fault.Kind] : ref samples);
        }
    }

    private static int Bucket(double seconds)
    {
        var bucket = 0;
        while (bucket < DurationBounds.Length && seconds > DurationBounds[bucket])
        {
            bucket++;
        }
        return bucket;
    }

    /// <summary>CPU time of this process, user and system.</summary>
    public static double CpuSeconds => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>Bytes of memory that this process occupies.</summary>
    public static long ResidentBytes => Environment.WorkingSet;
}
