using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// What shows that a process takes more with time, and not only what its plan explains or its cache fills: stairs in a rhythm, records that crowd towards
/// the present, a floor of live bytes that rises, a trend of what NVML sees.
/// </summary>
internal static class Growth
{
    private const int LeastStairs = 4;
    public const int CrowdingStairs = 4;
    private const double Crowded = 2;
    /// <summary>Records of what fills up grow rarer, and four of one size may come by chance.</summary>
    private const double NotRarer = 0.5;
    /// <summary>Reserved over planned live bytes that no fragmentation explains: recorded healthy jobs of changing length reach 2.1, drawn ones 3.</summary>
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
    /// <summary>A trend by NVML alone has grown by this share of what it can hold in all.</summary>
    private const double TrendGrownShare = 0.03;
    /// <summary>What has not risen for longer, or for this share of the time it rose, has come to rest.</summary>
    private const double LongestRestSeconds = 30;
    private const double RestShare = 0.2;
    private const double LongestRestGaps = 4;
    /// <summary>Samples in a row that rise alike, where no batch finding its place comes so often.</summary>
    private const int LeastRampRises = 10;
    /// <summary>A tooth that ends this share of a stair above the last one has not just come back.</summary>
    private const double NewGroundShare = 0.5;
    /// <summary>Stairs below this share of the planned peak are explained by it.</summary>
    private const double Explained = 1.0;

    /// <summary>Stairs beyond what the plan explains: below its peak they are longer batches finding their place.</summary>
    public static bool IsGrowing(ProcessSeries series, Reconciler reconciler) =>
        series.Rhythm.Count >= (series.IsEvaluatingAgain ? 2 : series.IsEvaluating ? Rhythm.LeastClockworkStairs : LeastStairs)
        && series.NowSeconds - series.Stairs.Last.TimeSeconds < Math.Max(LongestRestSeconds, series.Rhythm.GapSeconds * LongestRestGaps)
        && (series.Releases > 0 || (IsOnNewGround(series) && IsBeyondPlan(series, reconciler) && (series.IsEvaluating || !IsFillingUp(series))));

    private static bool IsFillingUp(ProcessSeries series) =>
        series.Records.Count >= CrowdingStairs - 1 && series.Records.Crowding(series.SettledRatio) < NotRarer;

    /// <summary>What climbs back to where it has been is filling, not growing.</summary>
    private static bool IsOnNewGround(ProcessSeries series) => series.Used >= series.HighWater && series.Used >= series.HighestBefore + series.Rhythm.Rise * NewGroundShare;

    /// <summary>What NVML sees rises without end, whatever the stairs it comes in: all along, or for the last hundred seconds. Null when it does not.</summary>
    public static Floor? Trending(ProcessSeries series, Reconciler reconciler) =>
        series.LivePeak is not null || !IsBeyondPlan(series, reconciler) ? null
        : IsTrend(series, series.HeldFloor) ? series.HeldFloor
        : IsTrend(series, series.LateFloor) ? series.LateFloor
        : null;

    private static bool IsTrend(ProcessSeries series, Floor floor) =>
        floor.RisesEvenly && floor.Grown >= series.Capacity.Count * TrendGrownShare
        && series.NowSeconds - series.HighWaterSeconds < Math.Max(LongestRestSeconds, floor.SpanSeconds * RestShare)
        && series.Used.Count >= series.HighestBefore.Count + floor.Grown * NewGroundShare;

    /// <summary>It rises at every sample and evenly, beyond what the plan explains, and has come half of its way. Before that it may be the first of many teeth.</summary>
    public static bool IsRamping(ProcessSeries series, Reconciler reconciler) =>
        series.SettledRatio > 1 && series.Ramp is { Rises: >= LeastRampRises, IsEven: true, Grown: var grown } && grown >= series.Available
        && series.Used >= series.HighWater && series.Used >= series.HighestBefore + grown * NewGroundShare && IsBeyondPlan(series, reconciler);

    public static bool IsLeak(ProcessSeries series, Reconciler reconciler) =>
        !series.IsEvaluating && (Rising(series, reconciler) is not null || Trending(series, reconciler) is not null || IsGrowing(series, reconciler) || IsCrowding(series, reconciler));

    public static double LeakBytesPerSecond(ProcessSeries series, Reconciler reconciler) =>
        Rising(series, reconciler) is { } floor ? floor.Slope
        : Trending(series, reconciler) is { } trend ? trend.Slope
        : IsToldByRecords(series, reconciler) ? RecordBytesPerSecond(series)
        : series.Rhythm.Rise.Count / series.Rhythm.GapSeconds;

    /// <summary>How much it has leaked as far as is seen, by what shows the leak.</summary>
    public static double LeakedBytes(ProcessSeries series, Reconciler reconciler) =>
        Rising(series, reconciler) is { } floor ? floor.Grown
        : Trending(series, reconciler) is { } trend ? trend.Grown
        : IsToldByRecords(series, reconciler) ? CrowdBytes(series).Count
        : (double)series.Rhythm.Count * series.Rhythm.Rise.Count;

    /// <summary>An evaluation's stairs that come again, as a leak's do, are told by a rhythm of fewer stairs than make a crowd.</summary>
    private static bool IsToldByRecords(ProcessSeries series, Reconciler reconciler) => series.Rhythm.Count < LeastStairs && !IsGrowing(series, reconciler);

    /// <summary>The floor of live bytes that rises; null when none does.</summary>
    public static Floor? Rising(ProcessSeries series, Reconciler reconciler) =>
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

    public static bool IsCrowding(ProcessSeries series, Reconciler reconciler) =>
        series.Releases == 0 && series.Stairs.Count >= CrowdingStairs && series.Used >= series.HighWater && !HasComeToRest(series)
        && (IsBeyondAllFragments(series, reconciler)
            || (series.Records.Count >= CrowdingStairs - 1 && series.Records.Crowding(series.SettledRatio) >= Crowded && IsBeyondPlan(series, reconciler)));

    /// <summary>Nothing has risen for as long as the last stairs took.</summary>
    private static bool HasComeToRest(ProcessSeries series) =>
        series.NowSeconds - series.Stairs.Last.TimeSeconds > Math.Max(LongestRestSeconds, series.Stairs.Last.TimeSeconds - series.Stairs[series.Stairs.Count - CrowdingStairs].TimeSeconds);

    private static bool IsBeyondAllFragments(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Plan is { } plan && series is { LivePeak: null, Phase: not JobPhase.Loading } && series.Held > plan.PeakAllocated.High * MostFragments;

    public static double RecordBytesPerSecond(ProcessSeries series) =>
        CrowdBytes(series).Count / (series.NowSeconds - series.Stairs[series.Stairs.Count - CrowdingStairs].TimeSeconds);

    /// <summary>What the last stairs that crowd have risen.</summary>
    private static Bytes CrowdBytes(ProcessSeries series)
    {
        var (stairs, grown) = (series.Stairs, Bytes.Zero);
        for (var i = stairs.Count - CrowdingStairs + 1; i < stairs.Count; i++)
        {
            grown += stairs[i].Rise;
        }
        return grown;
    }

    private static bool IsBeyondPlan(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Plan is not { } plan || series.Held > plan.PeakAllocated.Likely * Explained;
}
