using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>From the peaks to the plan people and forecasts read.</summary>
internal static class Plans
{
    /// <summary>
    /// A job told down to its loss is played as it runs: 0.13 % at the worst of 110 recorded steps, to which kernels may add temporaries.
    /// Published measurements, from which a profile's bands come, never tell that much.
    /// </summary>
    private static readonly ErrorBand Played = new(0.95, 1.05, 110);

    public static Plan Of(in Features features, Workload work, Profile profile)
    {
        var peaks = Overheads.Of(features, profile);
        var parts = peaks.Parts;
        var paged = (long)peaks.Paged;
        var context = (long)(peaks.Device - peaks.Paged - peaks.Reserved);
        var allocator = (long)peaks.Reserved - (long)peaks.Allocated;
        return new()
        {
            PeakAllocated = Within(peaks, Quantity.Allocated, features, profile),
            PeakReserved = Within(peaks, Quantity.Reserved, features, profile),
            PeakDevice = Within(peaks, Quantity.Device, features, profile) with { Likely = new((long)peaks.Allocated + allocator + context + paged) },
            PeakPhase = peaks.Phase,
            Phases = new(
                Total(features, Phase.Load, profile), Total(features, Phase.FirstForward, profile), Total(features, Phase.FirstBackward, profile),
                Total(features, Phase.FirstOptimizer, profile), Total(features, Phase.Steady, profile),
                features.Played.Evaluation.Total > 0 ? Total(features, Phase.Evaluation, profile) : null),
            Stations = new(
                Live(features, Phase.Load, profile), Live(features, Phase.FirstForward, profile), Live(features, Phase.FirstBackward, profile),
                Live(features, Phase.FirstOptimizer, profile), Live(features, Phase.Steady, profile)),
            EvaluationLogits = work.Step.Backward ? new(work.EvaluationLogits) : Bytes.Zero,
            Components = Named(parts, context, allocator, paged),
            Assumed = work.Assumed,
            IsToldWhole = features.ToldWhole,
            Warnings = !work.Evaluates && Total(features, Phase.Evaluation, profile) is var evaluation && evaluation > new Bytes((long)peaks.Allocated)
                ? work.Warnings.Add($"an evaluation of as many sequences would need {evaluation} allocated, more than training; say eval_batch")
                : work.Warnings,
        };
    }

    private static ByComponent<Bytes> Live(in Features features, Phase phase, Profile profile) =>
        Named(Overheads.Adjusted(features, features.Played[phase], profile), 0, 0);

    private static ByComponent<Bytes> Named(in Ledger parts, long context, long allocator, long paged = 0) => new(
        new(parts[Part.Weights]), new(parts[Part.MasterWeights]), new(parts[Part.Gradients]), new(parts[Part.OptimizerStates] + paged),
        new(parts[Part.Activations]), new(parts[Part.Logits]), new(parts[Part.Temporaries]), new(parts[Part.Communication]),
        new(context), new(allocator));

    private static Bytes Total(in Features features, Phase phase, Profile profile) =>
        new(Overheads.Adjusted(features, features.Played[phase], profile).Total);

    private static ByteRange Within(in Overheads.Peaks peaks, Quantity quantity, in Features features, Profile profile)
    {
        var likely = peaks.Of(quantity);
        var band = quantity is Quantity.Allocated && features.ToldWhole ? Played : profile.Band(quantity, features.Several);
        return new(new((long)(likely * Math.Min(1, band.Low))), new((long)likely), new((long)(likely * Math.Max(1, band.High))));
    }
}
