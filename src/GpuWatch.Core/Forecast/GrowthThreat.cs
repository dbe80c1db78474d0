using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// Growth after the first step that goes on (<see cref="Growth"/> says what is growth). What has lasted for n steps lasts for another m with
/// probability (n/(n+m))^a: Lindy's law, a Pareto tail of exponent a.
/// </summary>
internal static class GrowthThreat
{
    /// <summary>Of devices that fill up: worth a warning, and no page, since most of what fills a card is cache.</summary>
    private const double SomebodyNeeds = 0.6;
    /// <summary>A release longer ago than this many intervals belongs to the evaluation before.</summary>
    private const double OneEvaluationGaps = 12;

    /// <summary>Stairs that NVML sees: the allocator asks the device for each.</summary>
    public static Threat? OfRhythm(ProcessSeries series, Reconciler reconciler, Constants constants) =>
        !Growth.IsGrowing(series, reconciler)
            ? null
            : Of(series, series.Rhythm, series.Stairs.Last, series.Available, Slack(series, constants), series.IsEvaluating ? Cause.Evaluation : Cause.Leak, constants);

    /// <summary>Stairs of live bytes, told by the process itself, that still fit into what the allocator has cached.</summary>
    public static Threat? OfLiveRhythm(ProcessSeries series, Constants constants) =>
        series.LiveRhythm.Count < Rhythm.LeastClockworkStairs
            ? null
            : Of(series, series.LiveRhythm, series.LiveStairs.Last, Usable(series, constants) - series.LiveStairs.Last.Level, Bytes.Zero, Cause.Evaluation, constants);

    /// <summary>Stairs without a rhythm whose records crowd towards the present.</summary>
    public static Threat? OfRecords(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        if (series.IsEvaluating || !Growth.IsCrowding(series, reconciler))
        {
            return null;
        }
        var perSecond = Growth.RecordBytesPerSecond(series);
        var eta = Math.Max(0.1, series.Available.Count / perSecond);
        var lasted = series.NowSeconds - series.Stairs[series.Stairs.Count - Growth.CrowdingStairs].TimeSeconds;
        return new Threat(Cause.Leak, GoesOn(lasted, eta, constants), eta, constants.LeakSpread, series.Available);
    }

    /// <summary>A trend of what NVML sees of a process.</summary>
    public static Threat? OfTrend(ProcessSeries series, Reconciler reconciler, Constants constants) => Trend(series, reconciler, Cause.Leak, 1, constants);

    /// <summary>A trend of a device whose processes are not known: once it is full, somebody must still ask for more.</summary>
    public static Threat? OfDevice(ProcessSeries series, Reconciler reconciler, Constants constants) => Trend(series, reconciler, Cause.Growth, SomebodyNeeds, constants);

    private static Threat? Trend(ProcessSeries series, Reconciler reconciler, Cause cause, double deadly, Constants constants)
    {
        if (series.IsEvaluating || Growth.Trending(series, reconciler) is not { } floor)
        {
            return null;
        }
        var eta = Math.Max(0.1, series.Available.Count / floor.Slope);
        return new Threat(cause, deadly * GoesOn(floor.SpanSeconds, eta, constants), eta, constants.LeakSpread, series.Available);
    }

    /// <summary>It rises at every sample and evenly: what it keeps of each step comes faster than it is looked at.</summary>
    public static Threat? OfRamp(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        if (series.IsEvaluating || !Growth.IsRamping(series, reconciler))
        {
            return null;
        }
        var eta = Math.Max(0.1, series.Available.Count / series.Ramp.BytesPerSecond);
        return new Threat(Cause.Leak, GoesOn(series.Ramp.ElapsedSeconds, eta, constants), eta, constants.LeakSpread, series.Available);
    }

    public static Threat? OfFloor(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        if (Growth.Rising(series, reconciler) is not { } floor)
        {
            return null;
        }
        var missing = Math.Max(0, (Usable(series, constants) - LeakedPeak(series, reconciler, floor)).Count);
        var eta = Math.Max(0.1, missing / floor.Slope);
        return new Threat(Cause.Leak, GoesOn(floor.SpanSeconds, eta, constants), eta, constants.LeakSpread, new Bytes(missing));
    }

    /// <summary>Live bytes that find a place: the last of the room is in pieces.</summary>
    private static Bytes Usable(ProcessSeries series, Constants constants) => (series.Capacity - series.Context) * constants.UsableShare;

    /// <summary>Samples miss the top of a step; the plan knows it, and what has leaked since the first step lies on it.</summary>
    private static Bytes LeakedPeak(ProcessSeries series, Reconciler reconciler, Floor floor)
    {
        var seen = series.LivePeak ?? Bytes.Zero;
        var leaked = new Bytes((long)(floor.Slope * (series.NowSeconds - series.FirstStepAtSeconds)));
        return reconciler.Plan is { } plan && reconciler.IsFulfilled ? Bytes.Max(seen, plan.PeakAllocated.Likely + leaked) : seen;
    }

    private static Threat Of(ProcessSeries series, Rhythm rhythm, Stair last, Bytes free, Bytes slack, Cause cause, Constants constants)
    {
        var waited = series.NowSeconds - last.TimeSeconds;
        var alive = Math.Exp(-Math.Max(0, waited / rhythm.GapSeconds - 1.5));
        var missing = Math.Max(1, Math.Ceiling((double)(free + slack).Count / rhythm.Rise.Count + 0.01));
        var eta = Math.Max(0.1, missing * rhythm.GapSeconds - waited);
        var spread = cause == Cause.Evaluation ? constants.EvaluationSpread + constants.EvaluationCacheSpread * (slack / rhythm.Rise) / missing : constants.LeakSpread;
        return new Threat(cause, alive * GoesOn(rhythm.Count, missing, constants), eta, spread, rhythm.Rise * missing)
        {
            Punctual = cause == Cause.Evaluation ? constants.ThisEvaluation : 1,
            LaterSeconds = constants.NextEvaluationSeconds,
        };
    }

    /// <summary>Evaluation grows in a cache made for training: at the wall the allocator first gives back what it finds free there.</summary>
    private static Bytes Slack(ProcessSeries series, Constants constants) =>
        series.IsEvaluating && series.NowSeconds - series.LastReleaseSeconds > OneEvaluationGaps * series.Rhythm.GapSeconds ? series.Held * constants.EvaluationCache : Bytes.Zero;

    /// <summary>What has lasted so long, or grown so far, goes on by so much more (Lindy's law).</summary>
    public static double GoesOn(double lasted, double more, Constants constants) => Math.Pow(lasted / (lasted + more), constants.GrowthTail);
}
