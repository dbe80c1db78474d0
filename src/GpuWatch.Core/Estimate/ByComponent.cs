using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>What a device's memory is made of, in the order of CONTRACTS 4.</summary>
public enum Component { Weights, MasterWeights, Gradients, OptimizerStates, Activations, Logits, Temporaries, Communication, Context, Allocator }

/// <summary>
/// Something for each component: planned bytes, which sum to the likely device peak; or what was seen, a range with its 90 % interval, null where it
/// cannot be told or has not come yet.
/// </summary>
public readonly record struct ByComponent<T>(
    T Weights,
    T MasterWeights,
    T Gradients,
    T OptimizerStates,
    T Activations,
    T Logits,
    T Temporaries,
    T Communication,
    T Context,
    T Allocator)
{
    public T this[Component component] => component switch
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

    public static ByComponent<T> Of(Func<Component, T> of) => new(
        of(Component.Weights), of(Component.MasterWeights), of(Component.Gradients), of(Component.OptimizerStates), of(Component.Activations),
        of(Component.Logits), of(Component.Temporaries), of(Component.Communication), of(Component.Context), of(Component.Allocator));

    /// <summary>Each under its name.</summary>
    public IEnumerable<(string Name, T Size)> Named()
    {
        var all = this;
        return Components.All.Select(component => (component.Name(), all[component]));
    }
}

/// <summary>The components' names, and what only bytes have.</summary>
public static class Components
{
    private static readonly string[] Names =
        ["weights", "master_weights", "gradients", "optimizer_states", "activations", "logits", "temporaries", "communication", "context", "allocator"];

    public static IReadOnlyList<Component> All { get; } = Enum.GetValues<Component>();

    /// <summary>As CONTRACTS 4 names it.</summary>
    public static string Name(this Component component) => Names[(int)component];

    public static Bytes Sum(this in ByComponent<Bytes> parts) =>
        parts.Weights + parts.MasterWeights + parts.Gradients + parts.OptimizerStates + parts.Activations + parts.Logits + parts.Temporaries
        + parts.Communication + parts.Context + parts.Allocator;
}
