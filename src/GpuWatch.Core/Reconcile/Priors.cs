using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>What a plan says of each component before anything is seen. Its intervals are those of the profile, so they shrink with calibration.</summary>
internal static class Priors
{
    /// <summary>What follows from the parameter count alone is known to this share.</summary>
    private const double CountedDoubt = 0.02;
    /// <summary>A plan is never surer of what depends on batches and kernels than this share.</summary>
    private const double LeastPlayedDoubt = 0.05;
    /// <summary>Contexts in public reports: 256–616 MiB (facts/allocators.md, 4).</summary>
    private static readonly Bytes SmallContext = Bytes.FromMiB(256);
    private static readonly Bytes LargeContext = Bytes.FromMiB(616);
    /// <summary>Cache over live bytes that batches of changing length reach: healthy recorded jobs reserved up to 2.1 times what they planned.</summary>
    private const double MostCacheShare = 1.1;

    /// <param name="live">The live bytes the components are taken at: those of the planned peak, or of an earlier station.</param>
    public static ByteRange Of(Component component, Plan plan, in ByComponent<Bytes> live) => component switch
    {
        Component.Weights or Component.MasterWeights or Component.Gradients or Component.OptimizerStates => Within(live[component], CountedDoubt),
        Component.Context => new(Bytes.Min(SmallContext, plan.Components.Context), plan.Components.Context, Bytes.Max(LargeContext, plan.Components.Context * 1.3)),
        Component.Allocator => new(Bytes.Zero, plan.Components.Allocator, Bytes.Max(plan.Components.Allocator * 2, plan.PeakAllocated.Likely * MostCacheShare)),
        _ => Within(live[component], PlayedDoubt(plan)),
    };

    /// <summary>All doubt of the live peak lies in what is played: activations, logits, temporaries, communication.</summary>
    private static double PlayedDoubt(Plan plan)
    {
        var parts = plan.Components;
        var played = parts.Activations + parts.Logits + parts.Temporaries + parts.Communication;
        var doubt = plan.PeakAllocated.High - plan.PeakAllocated.Likely;
        return played > Bytes.Zero ? Math.Clamp(doubt / played, LeastPlayedDoubt, 1) : 1;
    }

    private static ByteRange Within(Bytes likely, double doubt) => new(likely * (1 - doubt), likely, likely * (1 + doubt));
}
