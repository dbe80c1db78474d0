namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Where tensors come from: what is given, looked up, or kept as a leaf. What each allocates, saves for backward and how its gradient flows is PyTorch's derivatives.yaml.</summary>
internal sealed partial class Tape
{
    /// <summary>A tensor that is given: inputs, masks, tables.</summary>
    public Tensor Given(long elements, int width) => new(Allocate(elements * width, Part), Edge.None, elements, width);

    /// <summary>An input whose gradient is kept, as gradient checkpointing asks of a frozen embedding's output.</summary>
    public Tensor AsLeaf(Tensor x)
    {
        Add(Flow.Leaf, Edge.None, 0);
        return x with { Edge = new(nodes - 1, 0) };
    }

    /// <summary>Rows of the embedding; its gradient is as large as the table, that of the positions as theirs.</summary>
    public Tensor Lookup(long elements, int width, long weightGradient, long ofPositions)
    {
        var result = new Tensor(Allocate(elements * width, Part), Edge.None, elements, width);
        if (weightGradient == 0 || !Recording)
        {
            return result;
        }
        ref var node = ref Add(Flow.Map, Edge.None, 0);
        (node.WeightGradient, node.OtherGradient) = (weightGradient, ofPositions);
        return result with { Edge = new(nodes - 1, 0) };
    }
}
