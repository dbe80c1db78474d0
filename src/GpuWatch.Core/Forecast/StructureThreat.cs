using GpuWatch.Core.Estimate;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>What the plan says must still be allocated, against the room there is.</summary>
internal static class StructureThreat
{
    /// <summary>From the end of loading to the first optimizer step, when nothing is known of the speed.</summary>
    private const double ToFirstStepSeconds = 5;
    /// <summary>Standard deviation of a context that is not known apart: 256–616 MiB in public reports.</summary>
    private static readonly Bytes ContextDeviation = Bytes.FromMiB(80);
    /// <summary>No recorded job needed more room than this over its live peak; where so much is free nothing has to be played.</summary>
    private const double MostTightness = 1.5;
    private const double Negligible = 1e-3;
    /// <summary>A station has come when so much of it was held.</summary>
    private const double Come = 0.97;
    /// <summary>Optimizers that are as declared.</summary>
    private const double DeclaredRight = 0.95;
    /// <summary>A micro-batch takes about so long, where many are gathered for one optimizer step.</summary>
    private const double MicroBatchSeconds = 30;

    /// <summary>First batches as large as declared, where activations decide: half of the recorded jobs that could not hold such a batch had smaller ones first.</summary>
    private const double FirstBatchesWhole = 0.7;
    private const double ToLaterBatchSeconds = 60;

    /// <summary>Jobs in which a batch of the declared size comes at all: a declared length is often the most that is allowed.</summary>
    private const double LongBatchComes = 0.9;
    /// <summary>… half of them within this time after the first steps: recorded ones came 17, 22, 34, 36 and 210 s after the first.</summary>
    private const double LongBatchSeconds = 30;
    /// <summary>The same where every batch is packed to the declared size, so that the first steps have shown what there is to see.</summary>
    private const double PackedSeconds = 5;

    public static Threat? Of(ProcessSeries series, Reconciler reconciler, Constants constants)
    {
        var plan = reconciler.Plan!;
        var room = series.Capacity - ContextOf(series, plan);
        var deviation = Deviation(series, plan, constants);
        if (reconciler.IsFulfilled || Doubt(plan.PeakAllocated.Likely * MostTightness) < Negligible)
        {
            return null;
        }
        var need = plan.PeakAllocated.Likely * (constants.Reach * reconciler.Tightness);
        var probability = Doubt(need);
        if (probability < Negligible)
        {
            return null;
        }
        var (cause, comes) = (CauseOf(series, plan, room, deviation, probability, constants.Reach), StillToCome(series, reconciler, probability));
        if (series.HasStepped && AwaitsOptimizer(reconciler, plan))
        {
            var due = Survival.Dies(Math.Min(DeclaredRight, Doubt(plan.Phases.FirstOptimizer * (constants.Reach * reconciler.Tightness))), MicroBatchSeconds * (reconciler.Job?.GradAccum ?? 1), series.NowSeconds - series.FirstStepAtSeconds);
            (cause, comes) = due >= comes ? (Cause.FirstOptimizer, due) : (cause, comes);
        }
        return new Threat(cause, comes, Eta(series, plan), !series.HasStepped ? constants.LoadingSpread : Survival.Spread, plan.PeakAllocated.Likely * reconciler.Tightness - series.Held)
        {
            Punctual = series.HasStepped || cause is Cause.Load or Cause.FirstOptimizer ? 1 : FirstBatchesWhole,
            LaterSeconds = ToLaterBatchSeconds,
        };

        double Doubt(Bytes asked) => Normal.Cdf((asked - room).Count / deviation);
    }

    /// <summary>
    /// What the optimizer's first step needs does not depend on the batches: while the process has held less, that step is still to come, however long the
    /// micro-batches before it take, unless the declaration is wrong.
    /// </summary>
    private static bool AwaitsOptimizer(Reconciler reconciler, Plan plan) => reconciler.HeldPeak < plan.Phases.FirstOptimizer * Come;

    /// <summary>Until its first steps have settled all that is planned must come; what has not come since is the less likely the longer it has not.</summary>
    private static double StillToCome(ProcessSeries series, Reconciler reconciler, double probability) =>
        !series.HasStepped || double.IsNaN(series.SettledAtSeconds)
            ? probability
            : Survival.Dies(
                Math.Min(probability, LongBatchComes),
                reconciler.Job?.Packing == true ? PackedSeconds : LongBatchSeconds,
                series.NowSeconds - series.SettledAtSeconds);

    /// <summary>
    /// What its context and libraries take when it comes to its peak. One larger than any public report of a single GPU's is that of NCCL, which takes
    /// its buffers at the first collective: until the first step it is still to come.
    /// </summary>
    public static Bytes ContextOf(ProcessSeries series, Plan plan) =>
        !series.HasStepped && plan.Components.Context > ProcessSeries.LargestContext ? Bytes.Max(series.Context, plan.Components.Context) : series.Context;

    private static double Deviation(ProcessSeries series, Plan plan, Constants constants)
    {
        var own = Math.Max(plan.PeakAllocated.Deviation, plan.PeakAllocated.Likely.Count * constants.PlanDeviation);
        var context = series.ContextKnown ? 0 : ContextDeviation.Count;
        return Math.Sqrt(own * own + (double)context * context);
    }

    /// <summary>
    /// The first station that is about as likely not to fit as the worst; once the first step is survived, only a longer batch can bring
    /// the planned peak. Who has taken what would have sufficed is to blame before that.
    /// </summary>
    private static Cause CauseOf(ProcessSeries series, Plan plan, Bytes room, double deviation, double probability, double reach)
    {
        if (series.OthersGrown > room * NeighbourThreat.BlameShare && plan.PeakAllocated.Likely * reach < room + series.OthersGrown)
        {
            return Cause.Neighbour;
        }
        return series.HasStepped && series.Phase != JobPhase.FirstStep ? Cause.LongBatch
            : Fails(plan.Phases.Load) ? Cause.Load
            : Fails(plan.Phases.FirstForward) ? Cause.FirstForward
            : Fails(plan.Phases.FirstBackward) ? Cause.FirstBackward
            : Cause.FirstOptimizer;

        bool Fails(Bytes station) => Normal.Cdf((station * reach - room).Count / deviation) > probability / 2;
    }

    /// <summary>After the first step: what has not come for s seconds comes within another s with even odds (Lindy's law).</summary>
    private static double Eta(ProcessSeries series, Plan plan)
    {
        if (series.HasStepped)
        {
            return Math.Max(ToFirstStepSeconds, series.NowSeconds - series.FirstStepAtSeconds);
        }
        var elapsed = series.NowSeconds - series.StartedSeconds;
        var share = plan.Phases.Load > Bytes.Zero ? Math.Clamp(series.Held / plan.Phases.Load, 0.05, 1) : 1;
        return Math.Clamp(elapsed / share - elapsed, 0, 3600) + ToFirstStepSeconds;
    }
}
