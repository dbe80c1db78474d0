using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>The components of a plan under the names of CONTRACTS 4.</summary>
internal static class EstimateParts
{
    public static IEnumerable<(string Name, Bytes Size)> Of(Components parts) =>
    [
        ("weights", parts.Weights),
        ("master_weights", parts.MasterWeights),
        ("gradients", parts.Gradients),
        ("optimizer_states", parts.OptimizerStates),
        ("activations", parts.Activations),
        ("logits", parts.Logits),
        ("temporaries", parts.Temporaries),
        ("communication", parts.Communication),
        ("context", parts.Context),
        ("allocator", parts.Allocator),
    ];
}
