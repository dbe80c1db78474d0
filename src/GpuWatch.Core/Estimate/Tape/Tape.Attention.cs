namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Attention: rotary positions, heads, and the products of activations. What each allocates, saves for backward and how its gradient flows is PyTorch's derivatives.yaml.</summary>
internal sealed partial class Tape
{
    /// <summary>Rotary embedding by rotate-half; keeps nothing but the tables.</summary>
    public Tensor Rotate(Tensor x)
    {
        var cosine = Allocate(x.Bytes, Part);
        var negated = Allocate(x.Bytes / 2, Part);
        var turned = Allocate(x.Bytes, Part);
        Release(negated);
        var sine = Allocate(x.Bytes, Part);
        Release(turned);
        var result = new Tensor(Allocate(x.Bytes, Part), Edge.None, x.Elements, x.Width);
        Release(cosine);
        Release(sine);
        if (Recording && x.NeedsGradient)
        {
            Add(Flow.Rotate, x.Edge, x.Bytes);
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return result;
    }

    /// <summary>A batched product of two activations; keeps both.</summary>
    public Tensor Multiply(Tensor x, Tensor y, long elements) => OfBoth(x, y, Flow.Spread, elements, x.Width, saves: true);

    /// <summary>Flash attention: keeps q, k, v, its output and a log-sum-exp a row; backward holds an fp32 dq and one fp32 number a row (arXiv 2307.08691).</summary>
    /// <param name="elements">Of the output: as wide as the values of all heads.</param>
    public Tensor Flash(Tensor q, Tensor k, Tensor v, long elements, long rows)
    {
        var result = new Tensor(Allocate(elements * q.Width, Part), Edge.None, elements, q.Width);
        var logSumExp = Allocate(rows * 4, Part);
        if (Recording && (q.NeedsGradient || k.NeedsGradient || v.NeedsGradient))
        {
            ref var node = ref Add(Flow.Spread, q.Edge, q.Bytes);
            (node.B, node.BytesB, node.C, node.BytesC) = (k.Edge, k.Bytes, v.Edge, v.Bytes);
            (node.Saved0, node.Saved1, node.Saved2, node.Saved3) = (Save(q), Save(k), Save(v), logSumExp);
            (node.Scratch, node.MoreScratch) = (q.Elements * 4, rows * 4);
            result = result with { Edge = new(nodes - 1, 0) };
            node.Saved4 = Save(result);
            return result;
        }
        Release(logSumExp);
        return result;
    }

    /// <summary>Three views of one tensor, whose gradients are put together again.</summary>
    public (Tensor Q, Tensor K, Tensor V) Split(Tensor x, long first, long second, long third)
    {
        Hold(x.Storage);
        Hold(x.Storage);
        var edge = Edge.None;
        if (Recording && x.NeedsGradient)
        {
            Add(Flow.Gather, x.Edge, x.Bytes);
            edge = new(nodes - 1, 0);
        }
        return (x with { Edge = edge, Elements = first },
            x with { Edge = edge with { Slot = edge.Node < 0 ? 0 : 1 }, Elements = second },
            x with { Edge = edge with { Slot = edge.Node < 0 ? 0 : 2 }, Elements = third });
    }
}
