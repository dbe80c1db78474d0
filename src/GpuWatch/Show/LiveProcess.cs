using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Sampling;

namespace GpuWatch.Show;

/// <summary>A process on a GPU as it stands now.</summary>
internal sealed class LiveProcess(ProcessFacts facts)
{
    public ProcessFacts Facts => facts;
    public ProcessReading Reading { get; private set; }
    public long PeakBytes { get; private set; }
    public JobPhase? Phase { get; set; }
    public ForecastMade? Forecast { get; set; }

    /// <summary>Null: its job is unknown.</summary>
    public Plan? Plan { get; set; }
    /// <summary>Components that were seen so far under the names of CONTRACTS 4, and "unexplained"; what cannot be told is left out.</summary>
    public IEnumerable<(string Name, Bytes Size)> ObservedParts
    {
        get
        {
            foreach (var (name, size) in Forecast?.Observed is { } observed ? observed.Named() : [])
            {
                if (size is { } range)
                {
                    yield return (name, range.Likely);
                }
            }
            if (Forecast?.Unexplained is { } unexplained)
            {
                yield return ("unexplained", unexplained);
            }
        }
    }

    public History History { get; } = new();

    public void Take(double timeSeconds, ProcessReading reading)
    {
        Reading = reading;
        if (reading.Used is { } used)
        {
            PeakBytes = Math.Max(PeakBytes, used.Count);
            History.Add(timeSeconds, used.Count);
        }
    }
}
