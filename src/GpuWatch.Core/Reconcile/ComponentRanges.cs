using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>Bytes by component as far as they can be told, each with its 90 % interval; null = it cannot be told, or has not come yet.</summary>
public readonly record struct ComponentRanges(
    ByteRange? Weights,
    ByteRange? MasterWeights,
    ByteRange? Gradients,
    ByteRange? OptimizerStates,
    ByteRange? Activations,
    ByteRange? Logits,
    ByteRange? Temporaries,
    ByteRange? Communication,
    ByteRange? Context,
    ByteRange? Allocator)
{
    public static ComponentRanges Of(Func<Component, ByteRange?> range) => new(
        range(Component.Weights), range(Component.MasterWeights), range(Component.Gradients), range(Component.OptimizerStates),
        range(Component.Activations), range(Component.Logits), range(Component.Temporaries), range(Component.Communication),
        range(Component.Context), range(Component.Allocator));

    public ByteRange? this[Component component] => component switch
    {
        Component.Weights => Weights,
        Component.MasterWeights => MasterWeights,
        Component.Gradients => Gradients,
        Component.OptimizerStates => OptimizerStates,
        Component.Activations => Activations,
        Component.Logits => Logits,
        Component.Temporaries => Temporaries,
        Component.Communication => Communication,
        Component.Context => Context,
        _ => Allocator,
    };
}
