using GpuWatch.Core.Estimate;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>The standing forecast of a process.</summary>
/// <param name="OomWithin60s">Probability 0–1 that it runs out of memory within 60 s.</param>
/// <param name="OomWithin600s">Probability 0–1 that it runs out of memory within 600 s.</param>
/// <param name="PredictedPeak">Peak of the process still to come, with its 90 % interval.</param>
public sealed record ForecastMade(
    double TimeSeconds,
    int Gpu,
    int? Pid,
    double OomWithin60s,
    double OomWithin600s,
    ByteRange PredictedPeak) : WatchEvent(TimeSeconds, Gpu, Pid)
{
    /// <summary>Cause of the likeliest threat; null when none is left.</summary>
    public Cause? Cause { get; init; }

    /// <summary>What it held of each component at the highest it was seen so far; null when nothing could be told apart.</summary>
    public ByComponent<ByteRange?>? Observed { get; init; }

    /// <summary>Of that what no component explains; null where nothing is known of the job.</summary>
    public Bytes? Unexplained { get; init; }
}
