using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
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
