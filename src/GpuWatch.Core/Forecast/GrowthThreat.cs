using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// Growth after the first step that goes on: stairs in a rhythm, or a floor of live bytes that rises. What has lasted for n steps
/// lasts for another m with probability (n/(n+m))^a: Lindy's law, a Pareto tail of exponent a.
/// </summary>
internal static class GrowthThreat
{
    private const int LeastStairs = 4;
    private const int CrowdingStairs = 4;
    private const double Crowded = 2;
    /// <summary>Records of what fills up grow rarer, and four of one size may come by chance.</summary>
    private const double NotRarer = 0.5;
    /// <summary>Reserved over planned live bytes that no fragmentation explains: recorded healthy jobs of changing length reach 2.1.</summary>
    private const double MostFragments = 3;
    /// <summary>A floor rises if chance is out of the question and it has risen by this share of the room …</summary>
    private const double Significance = 3;
    private const double LeastGrownShare = 0.02;
    /// <summary>… or if floor and mean together leave as little to chance, and it has risen by more.</summary>
    private const int LeastFloors = 7;
    private const double PlainGrownShare = 0.08;
    /// <summary>What is kept lifts the mean with the floor; a floor that rises alone is a beat of the sampling with the steps.</summary>
    private const double LeastMeanShare = 0.3;
    private const double MeanSignificance = 2;
    /// <summary>Floor and mean together, where it has risen by more.</summary>
    private const double PlainSignificance = 5;
    private const int LeastSteepFloors = 5;
    private const double SteepLowShare = 0.5;
    /// <summary>Four of five pairs of windows rise at least by this share of the slope.</summary>
    private const double LeastLowShare = 0.1;
    /// <summary>Of devices that fill up: worth a warning, and no page, since most of what fills a card is cache.</summary>
    private const double SomebodyNeeds = 0.6;
    /// <summary>A trend by NVML alone has grown by this share of what it can hold in all.</summary>
    private const double TrendGrownShare = 0.03;
    /// <summary>A tooth that ends this share of a stair above the last one has not just come back.</summary>
    private const double NewGroundShare = 0.5;
    /// <summary>Stairs below this share of the planned peak are explained by it.</summary>
    private const double Explained = 1.0;
    /// <summary>A release longer ago than this many intervals belongs to the evaluation before.</summary>
    private const double OneEvaluationGaps = 12;

    /// <summary>Stairs that NVML sees: the allocator asks the device for each.</summary>
    public static Threat? OfRhythm(ProcessSeries series, Reconciler reconciler, Constants constants) =>
        !IsGrowing(series, reconciler)
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
        if (series.IsEvaluating || !IsCrowding(series, reconciler))
        {
            return null;
        }
        var perSecond = RecordBytesPerSecond(series);
        var eta = Math.Max(0.1, series.Available.Count / perSecond);
        var lasted = series.NowSeconds - series.Stairs[series.Stairs.Count - CrowdingStairs].TimeSeconds;
        return new Threat(Cause.Leak, GoesOn(lasted, eta, constants), eta, constants.LeakSpread, series.Available);
    }

    /// <summary>A trend of what NVML sees of a process.</summary>
    public static Threat? OfTrend(ProcessSeries series, Reconciler reconciler, Constants constants) => Trend(series, reconciler, Cause.Leak, 1, constants);

    /// <summary>A trend of a device whose processes are not known: once it is full, somebody must still ask for more.</summary>
    public static Threat? OfDevice(ProcessSeries series, Reconciler reconciler, Constants constants) => Trend(series, reconciler, Cause.Growth, SomebodyNeeds, constants);

    private static Threat? Trend(ProcessSeries series, Reconciler reconciler, Cause cause, double deadly, Constants constants)
    {
        if (series.IsEvaluating || !IsTrending(series, reconciler))
        {
            return null;
        }
        var eta = Math.Max(0.1, series.Available.Count / series.HeldFloor.Slope);
        return new Threat(cause, deadly * GoesOn(series.HeldFloor.SpanSeconds, eta, constants), eta, constants.LeakSpread, series.Available);
    }

    private static bool IsCrowding(ProcessSeries series, Reconciler reconciler) =>
        series.Releases == 0 && series.Stairs.Count >= CrowdingStairs
        && (IsBeyondAllFragments(series, reconciler)
            || (series.Records.Count >= CrowdingStairs - 1 && series.Records.Crowding(series.SettledRatio) >= Crowded && IsBeyondPlan(series, reconciler)));

    private static bool IsBeyondAllFragments(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Plan is { } plan && series is { LivePeak: null, Phase: not JobPhase.Loading } && series.Held > plan.PeakAllocated.High * MostFragments;

    private static double RecordBytesPerSecond(ProcessSeries series)
    {
        var (stairs, grown) = (series.Stairs, Bytes.Zero);
        for (var i = stairs.Count - CrowdingStairs + 1; i < stairs.Count; i++)
        {
            grown += stairs[i].Rise;
        }
        return grown.Count / (series.NowSeconds - stairs[stairs.Count - CrowdingStairs].TimeSeconds);
    }

    private static bool IsBeyondPlan(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Plan is not { } plan || series.Held > plan.PeakAllocated.Likely * Explained;

    public static Threat? OfFloor(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        if (Rising(series, reconciler) is not { } floor)
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

    /// <summary>Stairs beyond what the plan explains: below its peak they are longer batches finding their place.</summary>
    private static bool IsGrowing(ProcessSeries series, Reconciler reconciler) =>
        series.Rhythm.Count >= (series.IsEvaluatingAgain ? 2 : series.IsEvaluating ? Rhythm.LeastClockworkStairs : LeastStairs)
        && (series.Releases > 0 || (IsOnNewGround(series) && IsBeyondPlan(series, reconciler) && (series.IsEvaluating || !IsFillingUp(series))));

    private static bool IsFillingUp(ProcessSeries series) =>
        series.Records.Count >= CrowdingStairs - 1 && series.Records.Crowding(series.SettledRatio) < NotRarer;

    /// <summary>What climbs back to where it has been is filling, not growing.</summary>
    private static bool IsOnNewGround(ProcessSeries series) => series.Used >= series.HighWater && series.Used >= series.HighestBefore + series.Rhythm.Rise * NewGroundShare;

    /// <summary>What NVML sees rises without end, whatever the stairs it comes in.</summary>
    private static bool IsTrending(ProcessSeries series, Reconciler reconciler) =>
        series is { LivePeak: null, HeldFloor: { RisesEvenly: true, Grown: var grown } } && grown >= series.Capacity.Count * TrendGrownShare && IsBeyondPlan(series, reconciler);

    public static bool IsLeak(ProcessSeries series, Reconciler reconciler) =>
        !series.IsEvaluating && (Rising(series, reconciler) is not null || IsTrending(series, reconciler) || IsGrowing(series, reconciler) || IsCrowding(series, reconciler));

    public static double LeakBytesPerSecond(ProcessSeries series, Reconciler reconciler) =>
        Rising(series, reconciler) is { } floor ? floor.Slope
        : IsTrending(series, reconciler) ? series.HeldFloor.Slope
        : series.Rhythm.Count < LeastStairs ? RecordBytesPerSecond(series)
        : series.Rhythm.Rise.Count / series.Rhythm.GapSeconds;

    /// <summary>The floor of live bytes that rises; null when none does.</summary>
    private static Floor? Rising(ProcessSeries series, Reconciler reconciler) =>
        series.IsEvaluating ? null
        : IsFloorRising(series) ? series.LiveFloor
        : IsSteep(series, reconciler) ? series.Live.Envelope
        : null;

    /// <summary>
    /// Each window above the one before and much gained: a handful suffices. One long first pass climbs too, but not above what is planned; where
    /// nothing is planned it must be seen to step.
    /// </summary>
    private static bool IsSteep(ProcessSeries series, Reconciler reconciler) =>
        series.Live.Envelope is { Count: >= LeastSteepFloors, AllRise: true } floor && floor.LowSlope >= floor.Slope * SteepLowShare
        && floor.Grown >= (series.Capacity - series.Context).Count * PlainGrownShare
        && (series.Live.IsStepping || (reconciler.Plan is { } plan && series.LivePeak > Excess.MostLive(plan)));

    private static bool IsFloorRising(ProcessSeries series)
    {
        var floor = series.LiveFloor;
        var grown = floor.Grown / Math.Max(1, (series.Capacity - series.Context).Count);
        return floor.Count >= LeastFloors && floor.MeanSlope >= floor.Slope * LeastMeanShare && floor.LowSlope >= floor.Slope * LeastLowShare
            && ((grown >= LeastGrownShare && floor.Significance >= Significance && floor.MeanSignificance >= MeanSignificance)
                || (grown >= PlainGrownShare && floor.Significance + floor.MeanSignificance >= PlainSignificance));
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
