using GpuWatch.Core.Estimate;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Backtest;

/// <summary>A rule that people use today.</summary>
/// <param name="Alarms">Times at which it alarms over a job, in order.</param>
internal sealed record Baseline(string Name, Func<RecordedJob, IEnumerable<double>> Alarms)
{
    public Outcome Judge(RecordedJob job) => new(job, [.. Alarms(job)], []);
}

/// <summary>The rules we must beat, over the device's memory in MiB as their users run them (facts/forecasting.md).</summary>
internal static class Baselines
{
    private const double ContextMiB = 420;

    public static IReadOnlyList<Baseline> All { get; } =
    [
        Threshold(0.90),
        Threshold(0.95),
        Threshold(0.98),
        PredictLinear("predict_linear 15s->60s", 15, 60),
        PredictLinear("predict_linear 1m->5m", 60, 300),
        PredictLinear("predict_linear 2m->10m", 120, 600),
        new("double exp. smoothing 60s", job => Smoothed(job.Frames, 0.3, 0.3, 60)),
        new("linear fit R2>=0.7", job => LinearFit(job.Frames)),
        new("max so far x 1.2", job => Where(job.Frames, MaxSoFar(1.2))),
        new("estimate only", EstimateOnly),
        new("trend only (5m, R2>=0.9)", job => TrendOnly(job.Frames)),
    ];

    private static double UsedMiB(GpuFrame frame) => (frame.Total - frame.Available).MiB;

    private static IEnumerable<double> Where(IEnumerable<GpuFrame> frames, Func<GpuFrame, bool> alarm) =>
        frames.Where(alarm).Select(frame => frame.TimeSeconds);

    private static Baseline Threshold(double level) =>
        new(FormattableString.Invariant($"threshold {level:0%}"), job => Where(job.Frames, frame => UsedMiB(frame) >= level * frame.Total.MiB));

    private static Baseline PredictLinear(string name, double windowSeconds, double aheadSeconds) => new(name, job =>
    {
        var window = new Window(windowSeconds);
        return Where(job.Frames, frame =>
        {
            window.Add(frame.TimeSeconds, UsedMiB(frame));
            return window.Count >= 3 && window.SpanSeconds >= windowSeconds / 2 && window.Line() is { } line
                && line.Mean + line.Slope * (frame.TimeSeconds + aheadSeconds - line.MeanTime) > frame.Total.MiB;
        });
    });

    private static IEnumerable<double> LinearFit(GpuFrame[] frames)
    {
        var window = new Window(300);
        return Where(frames, frame =>
        {
            window.Add(frame.TimeSeconds, UsedMiB(frame));
            return window.SpanSeconds >= 60 && window.Line() is { R2: >= 0.7 } line && line.Slope >= 1e6 / Bytes.MiBCount
                && UsedMiB(frame) + line.Slope * 600 > frame.Total.MiB;
        });
    }

    private static IEnumerable<double> TrendOnly(GpuFrame[] frames)
    {
        var window = new Window(300);
        return Where(frames, frame =>
        {
            window.Add(frame.TimeSeconds, UsedMiB(frame));
            return window.SpanSeconds >= 30 && window.Line() is { R2: >= 0.9, Slope: > 0 } line
                && UsedMiB(frame) + line.Slope * 300 > frame.Total.MiB;
        });
    }

    private static IEnumerable<double> Smoothed(GpuFrame[] frames, double levelWeight, double trendWeight, double aheadSeconds)
    {
        double level = UsedMiB(frames[0]), trend = 0, last = frames[0].TimeSeconds;
        return Where(frames.Skip(1), frame =>
        {
            var step = Math.Max(frame.TimeSeconds - last, 1e-3);
            var before = level;
            level = levelWeight * UsedMiB(frame) + (1 - levelWeight) * (level + trend * step);
            trend = trendWeight * (level - before) / step + (1 - trendWeight) * trend;
            last = frame.TimeSeconds;
            return level + trend * aheadSeconds > frame.Total.MiB;
        });
    }

    /// <summary>A memory request 1.2 times the highest seen (Kubernetes VPA) does not fit beside the others.</summary>
    private static Func<GpuFrame, bool> MaxSoFar(double factor)
    {
        var highest = Bytes.Zero;
        return frame =>
        {
            var used = frame.Processes[0].Used ?? Bytes.Zero;
            highest = Bytes.Max(highest, used);
            return highest * factor > used + frame.Available;
        };
    }

    /// <summary>The estimate alone, once, against what is free before the job has taken anything.</summary>
    private static IEnumerable<double> EstimateOnly(RecordedJob job) =>
        job.Declared is { } declared && Estimator.Estimate(declared).Plan is { } plan
            ? Where(job.Frames.Take(1), frame => plan.PeakReserved.Likely.MiB + ContextMiB > (frame.Available + frame.Processes[0].Used!.Value).MiB)
            : [];
}
