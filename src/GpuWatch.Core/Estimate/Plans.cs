using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>From the phases played on the tape to the plan people and forecasts read.</summary>
internal static class Plans
{
    public static Plan Of(in StepPlan played, Workload work)
    {
        var phases = new PhasePeaks(
            new(played.Load.Total), new(played.Forward.Total), new(played.Backward.Total), new(played.Optimizer.Total), new(played.Steady.Total));
        var (phase, ledger) = Highest(played);
        var allocated = ledger.Total;
        var reserved = (long)(allocated * 1.1);
        var context = Bytes.FromMiB(500).Count;
        return new()
        {
            PeakAllocated = Within(allocated, 0.05),
            PeakReserved = Within(reserved, 0.1),
            PeakDevice = Within(reserved + context, 0.1),
            PeakPhase = phase,
            Phases = phases,
            Components = new(
                new(ledger[Part.Weights]), new(ledger[Part.MasterWeights]), new(ledger[Part.Gradients]), new(ledger[Part.OptimizerStates]),
                new(ledger[Part.Activations]), new(ledger[Part.Logits]), new(ledger[Part.Temporaries]), new(ledger[Part.Communication]),
                new(context), new(reserved - allocated)),
            Assumed = work.Assumed,
        };
    }

    private static ByteRange Within(long likely, double share) =>
        new(new((long)(likely * (1 - share))), new(likely), new((long)(likely * (1 + share))));

    private static (Phase Phase, Ledger Ledger) Highest(in StepPlan played)
    {
        (Phase Phase, Ledger Ledger) highest = (Phase.Load, played.Load);
        Span<Ledger> later = [played.Forward, played.Backward, played.Optimizer, played.Steady];
        for (var i = 0; i < later.Length; i++)
        {
            if (later[i].Total > highest.Ledger.Total)
            {
                highest = ((Phase)(i + 1), later[i]);
            }
        }
        return highest;
    }
}
