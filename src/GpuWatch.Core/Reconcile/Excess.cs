using GpuWatch.Core.Estimate;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>What a process takes that its plan cannot explain, and no growth since its first step either.</summary>
internal static class Excess
{
    /// <summary>A fully declared job is played to 0.13 % of what autograd keeps (docs/decisions/0010); cuBLAS adds a workspace of about 8 MiB.</summary>
    private const double PlayedTolerance = 0.002;
    public static readonly Bytes Workspaces = Bytes.FromMiB(16);
    /// <summary>A leak passes its plan by little and goes on; a batch that is larger than declared passes it at once by more, or stays where it is.</summary>
    private const double PlainShare = 0.05;
    private const double StandsSeconds = 4;
    private const int LeastFloors = 2;
    private const double LeakedShare = 0.5;
    private const double FarShare = 0.25;
    /// <summary>A slope of the floor is known to about half of itself.</summary>
    private const double LeakDoubt = 2;

    /// <summary>
    /// Reserved over replayed bytes that the cache of a job declared right does not reach: in its first step, in the ones after it, where a leak may
    /// have come to it, while its first batches find their places, and ever.
    /// </summary>
    private const double FirstStepsRatio = 1.15;
    private const double LaterStepsRatio = 1.25;
    private const double FirstStepsSeconds = 5;
    private const double SettlingRatio = 1.4;
    private const double SettlingSeconds = 10;
    private const double AnyRatio = 2;
    /// <summary>What a leak takes comes all along; what a larger batch takes comes early. Flat for this share of its steps, it does not leak.</summary>
    private const double FlatShare = 0.67;

    /// <summary>Live bytes where the process tells them, else reserved ones that exceed what <paramref name="played"/> can come to.</summary>
    public static bool Of(ProcessSeries series, Bytes heldPeak, PlayedPlan played) =>
        series.LivePeak is { } live ? IsLiveBeyond(series, live, played.Plan) : IsReservedBeyond(series, heldPeak, played);

    /// <summary>The most live bytes that <paramref name="plan"/> allows.</summary>
    public static Bytes MostLive(Plan plan) =>
        (plan.IsToldWhole ? plan.PeakAllocated.Likely * (1 + PlayedTolerance) : plan.PeakAllocated.High) + Workspaces;

    private static bool IsLiveBeyond(ProcessSeries series, Bytes live, Plan plan)
    {
        var leaked = Math.Max(0, series.LiveFloor.LowSlope) * (series.NowSeconds - series.FirstStepAtSeconds) * LeakDoubt;
        var most = MostLive(plan) + new Bytes((long)leaked);
        return series.Live.IsStepping && live > most && !MayBeLeaked(series, live, most, plan)
            && (live > most * (1 + PlainShare) || series.NowSeconds - series.Live.PeakSeconds >= StandsSeconds);
    }

    /// <summary>What is kept from step to step lifts the floor as well; a larger batch comes and goes. Of one that is far larger no floor has to be seen first.</summary>
    private static bool MayBeLeaked(ProcessSeries series, Bytes live, Bytes most, Plan plan) => series.Live.Envelope is { Count: >= LeastFloors } floor
        ? floor.Gained >= (live - plan.PeakAllocated.Likely).Count * LeakedShare
        : live < most * (1 + FarShare);

    private static bool IsReservedBeyond(ProcessSeries series, Bytes held, PlayedPlan played)
    {
        var ratio = Ratio(series);
        // What is live at the peak is reserved too: a replay is only worth its time beyond it.
        return held > Workspaces && held - Workspaces > played.Plan.PeakAllocated.Likely * ratio && held - Workspaces > MostReserved(played) * ratio;
    }

    private static Bytes MostReserved(PlayedPlan played) =>
        played.Plan.IsToldWhole ? played.Reserved : Bytes.Max(played.Reserved, played.Plan.PeakReserved.High);

    /// <summary>What it took in its first step, before it rested and rose again.</summary>
    private static bool IsFirstStair(ProcessSeries series) =>
        series.Stairs.Count < 2 || series.Stairs[series.Stairs.Count - 2].TimeSeconds < series.FirstStepAtSeconds;

    private static double Ratio(ProcessSeries series)
    {
        var age = series.NowSeconds - series.FirstStepAtSeconds;
        var isFlat = series.NowSeconds - series.HighWaterSeconds > age * FlatShare;
        return !series.SeenFromStart ? AnyRatio
            : age <= FirstStepsSeconds && IsFirstStair(series) ? FirstStepsRatio
            : age <= FirstStepsSeconds ? LaterStepsRatio
            : !isFlat ? double.PositiveInfinity
            : age <= SettlingSeconds ? SettlingRatio
            : AnyRatio;
    }
}
