using GpuWatch.Core.Estimate;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>
/// What can be told of a process of which nothing was declared: the plateau it loaded to is weights; what the first steps added and then
/// stays, or a stair high enough for Adam, is optimizer states.
/// </summary>
public static class Inference
{
    /// <summary>Contexts in public reports: 256–616 MiB (facts/allocators.md, 4).</summary>
    private static readonly ByteRange UsualContext = new(Bytes.FromMiB(256), ProcessSeries.TypicalContext, Bytes.FromMiB(616));
    /// <summary>AdamW keeps two moments of each parameter in its own width: twice the weights, or four times where they are 16 bits wide and the moments 32.</summary>
    private const double Moments = 2;
    private const double WideMoments = 4;
    /// <summary>First steps that add less than gradients and moments together, as shares of the weights, do not train all that was loaded with Adam.</summary>
    private const double AdamShare = 1 + Moments;

    /// <returns>The components that can be told, and in words how; null while nothing can.</returns>
    public static (ByComponent<ByteRange?> Observed, string Words)? Of(ProcessSeries series)
    {
        if (series.LoadedLevel is not { } level)
        {
            return null;
        }
        var context = series.TorchReserved is null ? UsualContext : ByteRange.Exactly(series.Context);
        var weights = series.LoadedBytes is { } live ? ByteRange.Exactly(live)
            : new ByteRange(Floor(level - context.High), Floor(level - context.Likely), Floor(level - context.Low));
        var states = series.Live.Least is { } least ? Kept(least, weights.Likely) : Stepped(series.HighWater - level, weights);
        var cache = series.LivePeak is { } peak && series.TorchReserved is not null ? ByteRange.Exactly(series.HighWater - context.Likely - peak) : (ByteRange?)null;
        var observed = new ByComponent<ByteRange?>(weights, null, null, states, null, null, null, null, context, cache);
        return (observed, Words(series, weights.Likely, states));
    }

    /// <summary>What stays from step to step beyond the weights, by the process's own figures.</summary>
    private static ByteRange Kept(Bytes least, Bytes weights) => ByteRange.Exactly(Floor(least - weights));

    /// <summary>What NVML saw the first steps and all later ones add, if it holds Adam's moments; null if it does not.</summary>
    private static ByteRange? Stepped(Bytes added, ByteRange weights) => added < weights.Likely * AdamShare
        ? null
        : new(Bytes.Zero, weights.Likely * Moments, Bytes.Min(added, weights.High * WideMoments));

    private static string Words(ProcessSeries series, Bytes weights, ByteRange? states)
    {
        var added = series.HighWater - series.LoadedLevel!.Value;
        var kept = states is not { } known ? "too little to train all of it with Adam"
            : series.Live.Least is null ? $"enough for Adam's moments of about {known.Likely}"
            : $"of which {known.Likely} stay from step to step, as optimizer states do";
        return $"Nothing was declared: the {weights} it loaded first are taken for weights; the steps added {added}, {kept}.";
    }

    private static Bytes Floor(Bytes size) => Bytes.Max(Bytes.Zero, size);
}
