using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Alert;

/// <summary>The closing word on a process that something was declared of: why it took what it took, with the numbers.</summary>
internal static class Judgement
{
    /// <summary>Others that took this share of what it could hold are worth a word.</summary>
    private const double NeighbourShare = 0.05;
    /// <summary>What no component explains is worth a word from this share of the peak on.</summary>
    private const double UnexplainedShare = 0.05;
    /// <summary>A peak has come when so much of it was seen.</summary>
    private const double Come = 0.97;
    /// <summary>Largest context in public reports (facts/allocators.md, 4).</summary>
    private static readonly Bytes LargeContext = Bytes.FromMiB(616);

    /// <param name="hasLeaked">A leak stood when it ended.</param>
    public static string Of(ProcessSeries series, Reconciler reconciler, Bytes unexplained, bool hasLeaked, Grower? grower) => string.Join(' ', new[]
    {
        Declared(series, reconciler, hasLeaked),
        (Statics.Weights(series, reconciler.Declared!) ?? Statics.Kept(series, reconciler.Declared!))?.Words,
        Unexplained(series, unexplained, hasLeaked),
        series.ContextKnown && series.TorchReserved is not null && series.Context > LargeContext
            ? $"Its context and libraries hold {series.Context}, more than the 256–616 MiB that are usual."
            : null,
        series.OthersGrown > series.Capacity * NeighbourShare
            ? $"Other tenants took {series.OthersGrown} meanwhile{(grower is { } blamed ? $", most of it pid {blamed.Pid}" : "")}."
            : null,
    }.OfType<string>());

    private static string Declared(ProcessSeries series, Reconciler reconciler, bool hasLeaked)
    {
        var planned = reconciler.Declared!.PeakAllocated.Likely;
        var seen = series.LivePeak is { } live ? $"{live} live" : $"{reconciler.HeldPeak} held";
        return reconciler switch
        {
            { Mistake: { } mistake } => $"Declared wrong: {seen}, where {planned} were planned, as if with {mistake.Words}; that needs {mistake.Plan.PeakAllocated.Likely}.",
            { IsBeyondDeclared: true } => $"Declared wrong: {seen}, where {planned} were planned, and no usual mistake explains it.",
            _ when (series.LivePeak ?? reconciler.HeldPeak) < planned * Come => $"The planned peak of {planned} has not come: {seen} at most.",
            _ when hasLeaked || IsBeyond(series, reconciler) => $"Of {seen}, {planned} were planned.",
            _ => $"As declared: {seen}, {planned} planned.",
        };
    }

    /// <summary>It came to hold more than what was declared can need, though it began as declared: a leak, or what no component explains.</summary>
    private static bool IsBeyond(ProcessSeries series, Reconciler reconciler) =>
        series.LivePeak is { } live ? live > reconciler.Declared!.PeakAllocated.High : reconciler.HeldPeak > reconciler.Declared!.PeakReserved.High;

    private static string? Unexplained(ProcessSeries series, Bytes unexplained, bool hasLeaked) =>
        unexplained < series.HighWater * UnexplainedShare ? (hasLeaked ? "It kept memory with every step: a leak." : null)
        : hasLeaked ? $"{unexplained} beyond its plan have leaked since its first step."
        : series.IsEvaluating || series.IsEvaluationAtTheWall ? $"{unexplained} beyond its plan came with evaluation."
        : $"{unexplained} are explained by none of its components.";
}
