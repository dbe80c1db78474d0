using System.Collections.Immutable;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Core.Alert;

/// <summary>Something wrong that is not yet the end of memory, and how to say so.</summary>
/// <param name="Stands">Looked at on every sample: it must not allocate.</param>
/// <param name="Tell">Called when an episode begins.</param>
internal sealed record Finding(AlertKind Kind, Func<ProcessSeries, Reconciler, bool> Stands, Func<ProcessSeries, Reconciler, Grower?, Alert> Tell)
{
    public static ImmutableArray<Finding> All { get; } =
    [
        new(AlertKind.ActivationBlowup, (_, reconciler) => reconciler.IsBeyondDeclared, Blowup),
        new(AlertKind.Leak, (series, reconciler) => Growth.IsLeak(series, reconciler), Leak),
        new(AlertKind.Fragmentation, (series, _) => IsFragmented(series), Fragmentation),
        new(AlertKind.EstimateMismatch, IsMismatch, Mismatch),
        new(AlertKind.Neighbour, NeighbourThreat.IsTold, Neighbour),
    ];

    /// <summary>What can be told of a device whose processes are not known.</summary>
    public static ImmutableArray<Finding> OfDevice { get; } = [new(AlertKind.Neighbour, (series, _) => IsHeld(series), Held)];

    /// <summary>A device that was taken before the watching began, and has less than this share free, leaves no room for a job.</summary>
    private const double HeldShare = 0.015;
    /// <summary>… of which it has never held less: what has come since is no longer what was there.</summary>
    private const double StillHeldShare = 0.95;
    /// <summary>Reserved but not live at a failed request, as a share of what is reserved.</summary>
    private const double FragmentedShare = 0.25;
    /// <summary>One that has not had to try again for so long has found its way.</summary>
    private const double FragmentedSeconds = 120;

    private static bool IsHeld(ProcessSeries series) => !series.SeenFromStart && series.Available < series.Capacity * HeldShare;

    private static bool IsFragmented(ProcessSeries series) =>
        series.Wall.Cache is { } cache && cache.Reserved - cache.Live > cache.Reserved * FragmentedShare && series.NowSeconds - series.LastReleaseSeconds < FragmentedSeconds;

    private static bool IsMismatch(ProcessSeries series, Reconciler reconciler) =>
        reconciler.Declared is { } plan && Statics.WeightsSoFar(series, plan) is not null;

    private static Alert Blowup(ProcessSeries series, Reconciler reconciler, Grower? grower)
    {
        var (what, taken, planned) = series.LivePeak is { } live
            ? ("Has", live, reconciler.Expected!.PeakAllocated.Likely)
            : ("Takes", reconciler.HeldPeak, reconciler.Expected!.PeakReserved.Likely);
        var kind = series.LivePeak is null ? "" : " of live tensors";
        var asLoaded = reconciler.OfWeights is null ? "" : ", with the weights it loaded,";
        var guess = reconciler.OfSteps is { } mistake ? $"as if with {mistake.Words}" : "and no usual mistake in the declaration explains it";
        return Of(AlertKind.ActivationBlowup, Cause.Blowup, series, $"{what} {taken}{kind} where its declaration{asLoaded} needs {planned}, {guess}.",
            new("planned_reserved_bytes", reconciler.Expected!.PeakReserved.Likely.Count), new("held_peak_bytes", reconciler.HeldPeak.Count));
    }

    private static Alert Leak(ProcessSeries series, Reconciler reconciler, Grower? grower)
    {
        var perSecond = Growth.LeakBytesPerSecond(series, reconciler);
        return Of(AlertKind.Leak, Cause.Leak, series, $"{(series.LivePeak is null ? "Memory" : "Live memory")} grows by {new Units.Bytes((long)(perSecond * 60))} a minute and does not come back; {series.Available} are free.",
            new("bytes_per_s", Math.Round(perSecond)), new("grown_bytes", Math.Round(Growth.LeakedBytes(series, reconciler))));
    }

    private static Alert Fragmentation(ProcessSeries series, Reconciler reconciler, Grower? grower) =>
        Of(AlertKind.Fragmentation, Cause.Fragmentation, series,
            $"Of {series.Wall.Cache!.Value.Reserved} reserved at most {series.Wall.Cache.Value.Live} were ever live, and yet a request did not fit: the free memory is in pieces (try expandable_segments:True).",
            new("reserved_bytes", series.Wall.Cache.Value.Reserved.Count), new("live_peak_bytes", series.Wall.Cache.Value.Live.Count));

    private static Alert Mismatch(ProcessSeries series, Reconciler reconciler, Grower? grower)
    {
        var wrong = Statics.WeightsSoFar(series, reconciler.Declared!)!.Value;
        var words = reconciler.OfWeights is { } mistake ? $"{wrong.Words.TrimEnd('.')}, as if with {mistake.Words}." : wrong.Words;
        return Of(AlertKind.EstimateMismatch, null, series, words, new("seen_bytes", wrong.Seen.Count), new("planned_bytes", wrong.Planned.Count));
    }

    private static Alert Neighbour(ProcessSeries series, Reconciler reconciler, Grower? grower)
    {
        var who = grower is { } blamed ? $", most of it {blamed}" : "";
        var alert = Of(AlertKind.Neighbour, Cause.Neighbour, series, $"Other tenants of the GPU have taken {series.OthersGrown} more since it started{who}; {series.Available} are free.",
            new("others_bytes", series.Others.Count), new("others_grown_bytes", series.OthersGrown.Count), new("others_bytes_per_s", Math.Round(series.OthersClimb.BytesPerSecond)));
        return grower is { } named ? alert with { Evidence = alert.Evidence.Add("neighbour_pid", named.Pid).Add("neighbour_grown_bytes", named.Grown.Count) } : alert;
    }

    private static Alert Held(ProcessSeries series, Reconciler reconciler, Grower? grower) =>
        Of(AlertKind.Neighbour, Cause.Neighbour, series, $"{series.Used} of this GPU {(series.LeastUsed > series.Used * StillHeldShare ? "were taken before the watching began" : "are taken")}: a job that starts now finds {series.Available}.",
            new("used_bytes", series.Used.Count), new("available_bytes", series.Available.Count));

    private static Alert Of(AlertKind kind, Cause? cause, ProcessSeries series, string reason, params KeyValuePair<string, double>[] evidence) =>
        new(kind, Severity.Warning, null, null, null, null, null, series.Capacity, reason, ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, evidence))
        {
            Cause = cause,
        };
}
