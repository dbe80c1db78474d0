using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// After a quiet the process takes exactly the logits of one batch, where it has never been: an evaluation keeps its results on the GPU. Where
/// only one or two more find room, that is known from the first of them, before there is any rhythm.
/// </summary>
internal static class GatheringThreat
{
    /// <summary>The allocator asks for them in segments of their own, in multiples of 2 MiB.</summary>
    private static readonly Bytes Granularity = Bytes.FromMiB(2);
    /// <summary>Smaller ones are like many other requests.</summary>
    private static readonly Bytes LeastLogits = Bytes.FromMiB(24);
    private const double QuietSeconds = 10;
    /// <summary>Where more batches than these still fit, their rhythm shows in time.</summary>
    private const int MostMissing = 3;
    /// <summary>From one batch's logits to the next, while only one was seen.</summary>
    private const double BatchSeconds = 60;
    private const double Spread = 1;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        if (reconciler.Plan is not { EvaluationLogits: var logits } || logits < LeastLogits || !(series.SettledRatio > 1) || series.Releases > 0 || series.IsEvaluating
            || Kept(series, logits) is not (> 0 and < Rhythm.LeastClockworkStairs and var kept))
        {
            return null;
        }
        var missing = Math.Floor(series.Available / logits) + 1;
        if (missing > MostMissing)
        {
            return null;
        }
        var waited = series.NowSeconds - series.Stairs.Last.TimeSeconds;
        var gap = kept > 1 ? series.Stairs.Last.TimeSeconds - series.Stairs[series.Stairs.Count - 2].TimeSeconds : BatchSeconds;
        var goesOn = Math.Exp(-Math.Max(0, waited / gap - 1.5)) * GrowthThreat.GoesOn(kept, missing, constants);
        return new Threat(Cause.Evaluation, goesOn, Math.Max(1, missing * gap - waited), Spread, logits * missing)
        {
            Punctual = constants.ThisEvaluation,
            LaterSeconds = constants.NextEvaluationSeconds,
        };
    }

    /// <summary>How many of the last records are the logits of a batch each, the first of them after a quiet; 0 = none is.</summary>
    private static int Kept(ProcessSeries series, Bytes logits)
    {
        var stairs = series.Stairs;
        var kept = 0;
        while (kept < stairs.Count && IsOf(stairs[stairs.Count - 1 - kept]))
        {
            kept++;
        }
        var before = kept < stairs.Count ? stairs[stairs.Count - 1 - kept].TimeSeconds : series.StartedSeconds;
        return kept > 0 && series.Used >= series.HighWater && stairs[stairs.Count - kept].TimeSeconds - before > QuietSeconds ? kept : 0;

        bool IsOf(Stair stair) => stair.TimeSeconds > series.FirstStepAtSeconds && Math.Abs((stair.Rise - logits - Granularity * 0.5).Count) <= Granularity.Count;
    }
}
