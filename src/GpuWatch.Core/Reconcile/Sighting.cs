using GpuWatch.Core.Estimate;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>Components that were seen as one sum of bytes.</summary>
internal readonly record struct Sighting(Component[] Parts, ByteRange Sum)
{
    /// <summary>The allocator asks the device for weights in segments of 20 MiB.</summary>
    private static readonly Bytes Segment = Bytes.FromMiB(20);
    /// <summary>The fewest live bytes that were sampled lie somewhat above those there were.</summary>
    private const double FloorDoubt = 0.1;

    private static readonly Component[] Context = [Component.Context];
    private static readonly Component[] Cache = [Component.Allocator];
    private static readonly Component[] Held = [Component.Weights, Component.MasterWeights];
    private static readonly Component[] Kept = [Component.OptimizerStates];
    private static readonly Component[] Passing =
        [Component.Gradients, Component.Activations, Component.Logits, Component.Temporaries, Component.Communication];

    /// <summary>
    /// What the history of a process tells apart. With PyTorch's own figures: context, weights, what stays from step to step, what passes,
    /// and the cache. With NVML alone: what was loaded, and what the first steps added to it.
    /// </summary>
    /// <param name="withStates">The optimizer has stepped.</param>
    public static IEnumerable<Sighting> Of(ProcessSeries series, bool withStates)
    {
        if (series.LivePeak is { } peak && series.TorchReserved is not null)
        {
            return OfLive(series, peak, withStates);
        }
        return series.LoadedLevel is not { } loaded ? []
            : [
                new([.. Held, .. Context], new(loaded - Segment, loaded, loaded)),
                new([.. Passing, .. withStates ? Kept : [], .. Cache], ByteRange.Exactly(series.HighWater - loaded)),
            ];
    }

    private static IEnumerable<Sighting> OfLive(ProcessSeries series, Bytes peak, bool withStates)
    {
        yield return new(Context, ByteRange.Exactly(series.Context));
        if (series.LoadedBytes is not { } loaded)
        {
            yield break;
        }
        var reserved = series.HighWater - series.Context;
        yield return new(Held, ByteRange.Exactly(loaded));
        yield return new(Cache, new(Bytes.Zero, reserved - peak, reserved - peak));
        if (series.Live.Least is { } least)
        {
            var kept = Bytes.Max(Bytes.Zero, least - loaded);
            yield return new(Kept, new(kept * (1 - FloorDoubt), kept, kept));
            yield return new(Passing, new(peak - loaded - kept, peak - loaded - kept, reserved - loaded - kept));
        }
        else
        {
            yield return new([.. Passing, .. withStates ? Kept : []], new(peak - loaded, peak - loaded, reserved - loaded));
        }
    }
}
