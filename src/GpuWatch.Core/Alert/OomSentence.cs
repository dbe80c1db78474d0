using System.Collections.Immutable;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Alert;

/// <summary>The outlook as an alert: in words a person can act on, with the numbers behind them.</summary>
internal static class OomSentence
{
    public static Alert Of(Severity severity, Outlook outlook, Threat threat, ProcessSeries series, Reconciler reconciler, Grower? grower) =>
        new(
            AlertKind.OomRisk,
            severity,
            outlook.OomEver,
            threat.EtaSeconds,
            threat.EtaLowSeconds,
            threat.EtaHighSeconds,
            outlook.PredictedPeak.Likely,
            outlook.Capacity,
            Reason(threat, series, reconciler, grower),
            Evidence(outlook, threat, series, reconciler.Plan))
        {
            Cause = threat.Cause,
        };

    private static string Reason(Threat threat, ProcessSeries series, Reconciler reconciler, Grower? grower) => threat.Cause switch
    {
        Cause.Leak or Cause.Evaluation => $"{What(threat.Cause)} {series.Available} are free, gone {Soon(threat.EtaSeconds)} at this pace.",
        Cause.Growth => $"It rises as it never has, and {series.Available} are free, gone {Soon(threat.EtaSeconds)} at this pace.",
        Cause.Neighbour => $"Other tenants of the GPU have taken {series.OthersGrown} since it started{(grower is { } blamed ? $" (most of it {blamed})" : "")}, and {series.Available} are left{Still(series, reconciler)}.",
        _ when series.Releases > 0 && reconciler.Plan is null =>
            $"A request did not fit and the allocator gave cached memory back ({series.Releases} time{(series.Releases == 1 ? "" : "s")}); {series.Available} are free for the next larger batch.",
        Cause.LongBatch when reconciler.Plan is null =>
            $"{series.Available} are free, so a batch longer than any yet finds no room; nothing is declared of it (a job file says how much it still needs).",
        _ => $"Needs {threat.Missing} more {When(threat.Cause, reconciler)}{Pieces(series, reconciler)}; {Room(series, reconciler)}.",
    };

    /// <summary>What is free for tensors: a context that is still to come takes of it.</summary>
    private static string Room(ProcessSeries series, Reconciler reconciler)
    {
        var context = reconciler.Plan is { } plan ? StructureThreat.ContextOf(series, plan) : series.Context;
        var room = Bytes.Max(Bytes.Zero, series.Capacity - context - series.Held);
        return room < series.Available ? $"{room} are free beside its context" : $"{series.Available} are free";
    }

    /// <summary>What its plan still asks for, where that is more than it has.</summary>
    private static string Still(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Plan is { } plan && plan.PeakReserved.Likely is var planned && planned > series.Held ? $", where its plan may still ask for {planned - series.Held}" : " for what it still needs";

    private static string Soon(double seconds) => seconds switch
    {
        < 2 => "at any step",
        < 120 => $"in about {Math.Round(seconds)} s",
        < 7200 => $"in about {Math.Round(seconds / 60)} min",
        _ => $"in about {Math.Round(seconds / 3600)} h",
    };

    private static string What(Cause cause) => cause == Cause.Leak
        ? "It keeps memory with every step, and does not give it back:"
        : "Evaluation keeps what it computes on the GPU, batch by batch (move it to the CPU, or reduce it there):";

    /// <summary>Its live bytes alone would fit: it is the allocator's waste that does not (docs/decisions/0025).</summary>
    private static string Pieces(ProcessSeries series, Reconciler reconciler) =>
        !series.HasStepped && reconciler is { Plan: { } plan, Tightness: > 1.02 } && plan.PeakAllocated.Likely <= series.Capacity - series.Context
            ? $", for its {plan.PeakAllocated.Likely} of live bytes leave the free memory in pieces"
            : "";

    private static string When(Cause cause, Reconciler reconciler)
    {
        var parts = reconciler.Plan?.Components;
        return cause switch
        {
            Cause.Load => "to load its weights",
            Cause.FirstForward => $"in its first forward pass{Parts(("activations", parts?.Activations), ("logits", parts?.Logits))}",
            Cause.FirstBackward => $"in its first backward pass{Parts(("gradients", parts?.Gradients), ("activations", parts?.Activations), ("logits", parts?.Logits))}",
            Cause.FirstOptimizer when reconciler is { Job: { } job, Plan: { } plan } =>
                $"at its first optimizer step ({job.Optimizer ?? "optimizer"} states {plan.Components.OptimizerStates}) or the step after it",
            Cause.FirstOptimizer => "if it trains all it has loaded with Adam (gradients and two moments)",
            Cause.LongBatch => "for a batch of the declared size, longer than any it has had",
            Cause.Fragmentation => "in one piece",
            _ => "if it goes on rising as it does",
        };
    }

    /// <summary>What the planned peak is made of, as far as it is known and not nothing.</summary>
    private static string Parts(params (string Name, Bytes? Size)[] parts)
    {
        var known = string.Join(", ", parts.Where(part => part.Size > Bytes.Zero).Select(part => $"{part.Name} {part.Size}"));
        return known.Length == 0 ? "" : $" ({known})";
    }

    private static ImmutableSortedDictionary<string, double> Evidence(Outlook outlook, Threat threat, ProcessSeries series, Plan? plan)
    {
        var evidence = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        evidence["available_bytes"] = series.Available.Count;
        evidence["context_bytes"] = series.Context.Count;
        evidence["high_water_bytes"] = series.HighWater.Count;
        evidence["missing_bytes"] = threat.Missing.Count;
        evidence["others_grown_bytes"] = series.OthersGrown.Count;
        evidence["p_oom_600s"] = outlook.OomWithin600s;
        evidence["p_oom_60s"] = outlook.OomWithin60s;
        evidence["releases"] = series.Releases;
        evidence["used_bytes"] = series.Used.Count;
        if (plan is not null)
        {
            evidence["planned_peak_allocated_bytes"] = plan.PeakAllocated.Likely.Count;
            evidence["room_bytes"] = (series.Capacity - series.Context).Count;
        }
        return evidence.ToImmutable();
    }
}
