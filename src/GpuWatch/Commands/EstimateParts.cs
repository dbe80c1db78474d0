using GpuWatch.Core.Estimate;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>The components of a plan under the names of CONTRACTS 4.</summary>
internal static class EstimateParts
{
    private static readonly (string Name, Component Component)[] Names =
    [
        ("weights", Component.Weights),
        ("master_weights", Component.MasterWeights),
        ("gradients", Component.Gradients),
        ("optimizer_states", Component.OptimizerStates),
        ("activations", Component.Activations),
        ("logits", Component.Logits),
        ("temporaries", Component.Temporaries),
        ("communication", Component.Communication),
        ("context", Component.Context),
        ("allocator", Component.Allocator),
    ];

    public static string Name(Component component) => Names[(int)component].Name;

    public static IEnumerable<(string Name, Bytes Size)> Of(Components parts) => Names.Select(part => (part.Name, parts[part.Component]));

    /// <summary>The same for what was seen; null = it could not be told.</summary>
    public static IEnumerable<(string Name, ByteRange? Size)> Of(ComponentRanges parts) => Names.Select(part => (part.Name, parts[part.Component]));
}
