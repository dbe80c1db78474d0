namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Operations of element by element, and views. What each allocates, saves for backward and how its gradient flows is PyTorch's derivatives.yaml.</summary>
internal sealed partial class Tape
{
    /// <summary>A tensor of another size or width made from x: cast, scale, negate, copy, silu, tanh, dropout, sum, mask.</summary>
    /// <param name="saves">x is saved for backward.</param>
    /// <param name="savesResult">The result is.</param>
    /// <param name="mask">Bytes of a mask that is saved beside it.</param>
    public Tensor Map(Tensor x, long elements, int width, bool saves = false, bool savesResult = false, long mask = 0)
    {
        var result = new Tensor(Allocate(elements * width, Part), Edge.None, elements, width);
        var masked = mask > 0 ? Allocate(mask, Part) : -1;
        if (Recording && x.NeedsGradient)
        {
            ref var node = ref Add(Flow.Map, x.Edge, x.Bytes);
            node.Saved0 = saves ? Save(x) : -1;
            node.Saved2 = masked;
            result = result with { Edge = new(nodes - 1, 0) };
            node.Saved1 = savesResult ? Save(result) : -1;
        }
        else
        {
            Release(masked);
        }
        return result;
    }

    /// <summary>The same numbers in another width; x itself where it has it already. The result has a hold of its own.</summary>
    public Tensor Cast(Tensor x, int width)
    {
        if (x.Width != width)
        {
            return Map(x, x.Elements, width);
        }
        Hold(x.Storage);
        return x;
    }

    /// <summary>x, of which the caller keeps no name: its result replaces it.</summary>
    public Tensor Then(Tensor x, bool saves = false, bool savesResult = false, long mask = 0)
    {
        var result = Map(x, x.Elements, x.Width, saves, savesResult, mask);
        Drop(x);
        return result;
    }

    /// <summary>Dropout with a mask of one byte an element (native_dropout).</summary>
    public Tensor Dropout(Tensor x) => Map(x, x.Elements, x.Width, mask: x.Elements);

    /// <summary>x plus something that needs no gradient: a mask, a constant.</summary>
    public Tensor Shift(Tensor x, long elements)
    {
        var result = new Tensor(Allocate(elements * x.Width, Part), Edge.None, elements, x.Width);
        if (Recording && x.NeedsGradient)
        {
            Add(Flow.Share, x.Edge, x.Bytes);
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return result;
    }

    /// <summary>A view whose gradient is a new tensor of the whole size: a slice, or heads put side by side again.</summary>
    public Tensor View(Tensor x, long elements)
    {
        Hold(x.Storage);
        if (!Recording || !x.NeedsGradient)
        {
            return x with { Elements = elements };
        }
        Add(Flow.Map, x.Edge, x.Bytes);
        return x with { Elements = elements, Edge = new(nodes - 1, 0) };
    }

    public Tensor Sum(Tensor x, Tensor y) => OfBoth(x, y, Flow.Share, x.Elements, Math.Max(x.Width, y.Width), saves: false);

    public Tensor Product(Tensor x, Tensor y) => OfBoth(x, y, Flow.Spread, x.Elements, x.Width, saves: true);

    /// <summary>x times a small tensor that is spread over it.</summary>
    public Tensor Scale(Tensor x, Tensor small) => OfBoth(x, small, Flow.Broadcast, x.Elements, x.Width, saves: true);

    /// <summary>Two tensors put side by side, or the second beside each part of the first (torch.cat).</summary>
    public Tensor Join(Tensor x, Tensor y, long elements) => OfBoth(x, y, Flow.Spread, elements, x.Width, saves: false);

    /// <summary>x^n by a constant exponent.</summary>
    public Tensor Power(Tensor x)
    {
        var result = new Tensor(Allocate(x.Bytes, Part), Edge.None, x.Elements, x.Width);
        if (Recording && x.NeedsGradient)
        {
            ref var node = ref Add(Flow.Power, x.Edge, x.Bytes);
            node.Saved0 = Save(x);
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return result;
    }

    /// <summary>A tensor made of two, to both of which its gradient flows.</summary>
    /// <param name="saves">Both are saved for backward.</param>
    private Tensor OfBoth(Tensor x, Tensor y, Flow flow, long elements, int width, bool saves)
    {
        var result = new Tensor(Allocate(elements * width, Part), Edge.None, elements, width);
        if (!Recording || !(x.NeedsGradient || y.NeedsGradient))
        {
            return result;
        }
        ref var node = ref Add(flow, x.Edge, x.Bytes);
        (node.B, node.BytesB) = (y.Edge, y.Bytes);
        if (saves)
        {
            (node.Saved0, node.Saved1) = (Save(x), Save(y));
        }
        return result with { Edge = new(nodes - 1, 0) };
    }
}
