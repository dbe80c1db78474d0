namespace GpuWatch.Core.Estimate.Tape;

/// <summary>A tensor on the tape: a storage, and the node that made it where a gradient must flow back through it.</summary>
/// <param name="Storage">Index of its storage; -1 = a tensor that is not counted.</param>
/// <param name="Edge">Where its gradient goes.</param>
/// <param name="Elements">Numbers in it.</param>
/// <param name="Width">Bytes of one number.</param>
internal readonly record struct Tensor(int Storage, Edge Edge, long Elements, int Width)
{
    public long Bytes => Elements * Width;
    public bool NeedsGradient => Edge.Node >= 0;
}

/// <summary>An entrance of a node for gradients; node -1 = no gradient is wanted.</summary>
internal readonly record struct Edge(int Node, int Slot)
{
    public static readonly Edge None = new(-1, 0);
}

/// <summary>What a node does to memory when gradients flow through it.</summary>
internal enum Flow : byte
{
    /// <summary>One new gradient for A, made from the incoming one.</summary>
    Map,
    /// <summary>The incoming gradient itself goes to A and B; one of another width is cast.</summary>
    Share,
    /// <summary>A new gradient for each of A, B and C.</summary>
    Spread,
    /// <summary>One for A, and one of A's size that is summed to the small B.</summary>
    Broadcast,
    /// <summary>Two temporaries of A's size before A's gradient: of x^n.</summary>
    Power,
    /// <summary>Rotary embedding: halves are cut, negated and put together again.</summary>
    Rotate,
    /// <summary>A linear layer whose weight is dequantised for its product: <see cref="Node.Scratch"/>.</summary>
    Dequantise,
    /// <summary>Three gradients, kept apart until all are there, are put together into A's.</summary>
    Gather,
    /// <summary>Cross-entropy's two steps, with a temporary of the size of A's gradient.</summary>
    Chain,
    /// <summary>Keeps the gradient it is given.</summary>
    Leaf,
    /// <summary>What was saved is the gradient: it moves on to A (and B).</summary>
    Ready,
}

/// <summary>One step of the backward pass.</summary>
internal struct Node
{
    public Flow Flow;
    public Edge A, B, C;
    public long BytesA, BytesB, BytesC;
    /// <summary>Gradient of a weight that is made here and stays.</summary>
    public long WeightGradient;
    /// <summary>Gradient of a second weight, made before it.</summary>
    public long OtherGradient;
    /// <summary>Bytes that live only while the node runs.</summary>
    public long Scratch, MoreScratch;
    public int Saved0, Saved1, Saved2, Saved3, Saved4;
    public int Gradient0, Gradient1, Gradient2;
    public Part Part;
    public Place Place;
}
