using GpuWatch.Core.Sample;

namespace GpuWatch.Core.Alert;

/// <summary>One alert from its first word to its end: it rises at once, pages once, and ends only after a quiet while.</summary>
internal sealed class Episode(AlertKind kind)
{
    private double quietSinceSeconds = double.NaN;

    public AlertKind Kind => kind;
    public Alert? Standing { get; private set; }

    /// <summary>The threshold was crossed with this severity.</summary>
    public void Raise(double time, int gpu, int? pid, Alert alert, List<WatchEvent> events)
    {
        quietSinceSeconds = double.NaN;
        if (Standing is null || alert.Severity > Standing.Severity)
        {
            Standing = alert;
            events.Add(new AlertRaised(time, gpu, pid, alert));
        }
    }

    /// <summary>The probability lies below the resolve threshold; ends the episode once it has for long enough.</summary>
    public void Calm(double time, int gpu, int? pid, double afterSeconds, string because, List<WatchEvent> events)
    {
        if (Standing is null)
        {
            return;
        }
        quietSinceSeconds = double.IsNaN(quietSinceSeconds) ? time : quietSinceSeconds;
        if (time - quietSinceSeconds >= afterSeconds)
        {
            events.Add(new AlertResolved(time, gpu, pid, Standing with { Reason = because }));
            (Standing, quietSinceSeconds) = (null, double.NaN);
        }
    }

    /// <summary>Between the thresholds: neither worse nor over.</summary>
    public void Hold() => quietSinceSeconds = double.NaN;
}
