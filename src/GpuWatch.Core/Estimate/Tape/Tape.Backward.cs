namespace GpuWatch.Core.Estimate.Tape;

/// <summary>The backward pass: nodes run in the reverse of their order of birth, as PyTorch's engine runs them (torch/csrc/autograd/engine.cpp).</summary>
internal sealed partial class Tape
{
    private Node[] steps = new Node[256];
    private int nodes;

    /// <summary>Whether operations leave nodes; off in a checkpointed block's first run.</summary>
    public bool Recording { get; set; } = true;

    /// <summary>The number of nodes so far, to flow back to.</summary>
    public int Mark => nodes;

    private ref Node Add(Flow flow, Edge a, long bytesA)
    {
        if (nodes == steps.Length)
        {
            Array.Resize(ref steps, nodes * 2);
        }
        ref var node = ref steps[nodes++];
        node = new Node
        {
            Flow = flow, A = a, B = Edge.None, C = Edge.None, BytesA = bytesA, Part = Part, Place = Place,
            Saved0 = -1, Saved1 = -1, Saved2 = -1, Saved3 = -1, Saved4 = -1, Gradient0 = -1, Gradient1 = -1, Gradient2 = -1,
        };
        return ref node;
    }

    /// <summary>The gradient the last leaf was given; the reader takes over its hold.</summary>
    public int LeafGradient { get; private set; } = -1;

    private int Save(Tensor tensor)
    {
        Hold(tensor.Storage);
        return tensor.Storage;
    }

    /// <summary>Gives a tensor its gradient, and the hold on it.</summary>
    public void Seed(Edge edge, int gradient) => Deliver(edge, gradient);

    /// <summary>Flows back through all nodes from the last one to <paramref name="mark"/>, which are then gone.</summary>
    public void Backward(int mark)
    {
        while (nodes > mark)
        {
            Run(ref steps[--nodes]);
        }
    }

    /// <summary>Of each weight's gradient the share that stays on this GPU; 0 = it is used up at once.</summary>
    public double GradientShare { get; set; } = 1;

    /// <summary>Gradients of an earlier micro-batch are in place: new ones are added to them and gone (AccumulateGrad, in place).</summary>
    public bool Accumulating { get; set; }

    /// <summary>The gradient of a weight: it stays until <see cref="DropGradients"/>.</summary>
    public void KeepGradient(long size)
    {
        if (size == 0 || GradientShare == 0)
        {
            return;
        }
        var gradient = Allocate((long)(size * GradientShare), Part.Gradients);
        if (Accumulating)
        {
            Release(gradient);
        }
        else
        {
            gradients.Add(gradient);
        }
    }

    /// <summary>Which gradient was made last; -1 = none is kept.</summary>
    public int LastGradient => gradients.Count - 1;

    /// <summary>This gradient and the last one belong to one weight: they are added up out of place.</summary>
    public void TieGradients(int index)
    {
        if (index >= LastGradient)
        {
            return;
        }
        var (first, last) = (gradients[index], gradients[^1]);
        gradients[index] = Allocate(stored[first].Bytes, Part.Gradients);
        gradients.RemoveAt(gradients.Count - 1);
        Release(first);
        Release(last);
    }

    /// <summary>optimizer.zero_grad(set_to_none=True).</summary>
    public void DropGradients()
    {
        foreach (var gradient in gradients)
        {
            Release(gradient);
        }
        gradients.Clear();
    }

    /// <summary>Gradients that wait to flow on, and were counted as one part, are another's from here on.</summary>
    public void MoveFlowing(Part from, Part to)
    {
        MoveFrom(LeafGradient, from, to);
        foreach (ref readonly var node in steps.AsSpan(0, nodes))
        {
            MoveFrom(node.Gradient0, from, to);
            MoveFrom(node.Gradient1, from, to);
            MoveFrom(node.Gradient2, from, to);
        }
    }

    private void MoveFrom(int storage, Part from, Part to)
    {
        if (storage >= 0 && stored[storage].Holders > 0 && stored[storage].Part == from)
        {
            Move(storage, to);
        }
    }

    private Part GradientPart => Part == Part.Activations ? Part.Temporaries : Part;

    private void Run(ref Node node)
    {
        var outer = (Part, Place);
        (Part, Place) = (node.Part, node.Place);
        if (node.Gradient0 >= 0 || node.Gradient1 >= 0 || node.Gradient2 >= 0)
        {
            FlowBack(ref node);
        }
        Free(node);
        (Part, Place) = outer;
    }

    private void Free(in Node node)
    {
        Release(node.Saved0);
        Release(node.Saved1);
        Release(node.Saved2);
        Release(node.Saved3);
        Release(node.Saved4);
        Release(node.Gradient0);
        Release(node.Gradient1);
        Release(node.Gradient2);
    }

    private void FlowBack(ref Node node)
    {
        var part = GradientPart;
        switch (node.Flow)
        {
            case Flow.Share:
                Hold(node.Gradient0);
                Deliver(node.B, Cast(node.Gradient0, node.BytesB, part));
                Hold(node.Gradient0);
                Deliver(node.A, Cast(node.Gradient0, node.BytesA, part));
                break;
            case Flow.Power:
                var (first, second) = (Allocate(node.BytesA, part), Allocate(node.BytesA, part));
                var power = Allocate(node.BytesA, part);
                Release(first);
                Release(second);
                Pass(ref node, node.A, power);
                break;
            case Flow.Broadcast:
                var wide = Allocate(node.BytesA, part);
                var alike = Allocate(node.BytesA, part);
                KeepGradient(node.WeightGradient);
                var small = node.B.Node >= 0 ? Allocate(node.BytesB, part) : -1;
                Release(alike);
                Deliver(node.B, small);
                Pass(ref node, node.A, wide);
                break;
            case Flow.Rotate:
                Rotate(ref node, part);
                break;
            case Flow.Dequantise:
                var wideWeight = Allocate(node.Scratch, Part.Temporaries, Place.Unpacked);
                var through = Allocate(node.BytesA, part);
                Release(node.Gradient0);
                node.Gradient0 = -1;
                Release(wideWeight);
                Deliver(node.A, through);
                break;
            case Flow.Chain:
                var start = Allocate(node.BytesA, part);
                var end = Allocate(node.BytesA, part);
                Release(start);
                Pass(ref node, node.A, end);
                break;
            case Flow.Leaf:
                (LeafGradient, node.Gradient0) = (node.Gradient0, -1);
                break;
            case Flow.Ready:
                KeepGradient(node.WeightGradient);
                var ready = node.Saved0;
                node.Saved0 = -1;
                Pass(ref node, node.A, ready);
                break;
            default:
                Spread(ref node, part);
                break;
        }
    }

    /// <summary>New gradients for up to three inputs, and of a weight; the incoming one is freed after them.</summary>
    private void Spread(ref Node node, Part part)
    {
        var scratch = node.Scratch > 0 ? Allocate(node.Scratch, Part.Temporaries) : -1;
        var more = node.MoreScratch > 0 ? Allocate(node.MoreScratch, Part.Temporaries) : -1;
        KeepGradient(node.OtherGradient);
        KeepGradient(node.WeightGradient);
        var a = node.A.Node >= 0 ? Allocate(node.BytesA, part) : -1;
        var b = node.B.Node >= 0 ? Allocate(node.BytesB, part) : -1;
        var c = node.C.Node >= 0 ? Allocate(node.BytesC, part) : -1;
        Free(node);
        (node.Saved0, node.Saved1, node.Saved2, node.Saved3, node.Saved4) = (-1, -1, -1, -1, -1);
        (node.Gradient0, node.Gradient1, node.Gradient2) = (-1, -1, -1);
        Release(scratch);
        Release(more);
        Deliver(node.A, a);
        Deliver(node.B, b);
        Deliver(node.C, c);
    }

    /// <summary>Of x·cos + (−x₂, x₁)·sin: as the slices of rotate-half flow back, each into a tensor of full size.</summary>
    private void Rotate(ref Node node, Part part)
    {
        var size = node.BytesA;
        var sine = Allocate(size, part);
        var firstHalf = Allocate(size, part);
        var negated = Allocate(size / 2, part);
        Release(sine);
        var secondHalf = Allocate(size, part);
        Release(negated);
        var halves = Allocate(size, part);
        Release(firstHalf);
        Release(secondHalf);
        var cosine = Allocate(size, part);
        Release(node.Gradient0);
        node.Gradient0 = -1;
        var all = Allocate(size, part);
        Release(halves);
        Release(cosine);
        Deliver(node.A, all);
    }

    /// <summary>What was saved and the incoming gradient go before the outgoing one is added to others.</summary>
    private void Pass(ref Node node, Edge edge, int gradient)
    {
        Free(node);
        (node.Saved0, node.Saved1, node.Saved2, node.Saved3, node.Saved4) = (-1, -1, -1, -1, -1);
        (node.Gradient0, node.Gradient1, node.Gradient2) = (-1, -1, -1);
        Deliver(edge, gradient);
    }

    /// <summary>The gradient in another width, or itself. Takes over the caller's hold.</summary>
    private int Cast(int gradient, long size, Part part)
    {
        if (stored[gradient].Bytes == size)
        {
            return gradient;
        }
        var cast = Allocate(size, part);
        Release(gradient);
        return cast;
    }

    /// <summary>A second gradient for one entrance makes a sum, out of place.</summary>
    private void Deliver(Edge edge, int gradient)
    {
        if (edge.Node < 0)
        {
            Release(gradient);
            return;
        }
        ref var node = ref steps[edge.Node];
        ref var slot = ref node.Gradient0;
        if (edge.Slot == 1)
        {
            slot = ref node.Gradient1;
        }
        else if (edge.Slot == 2)
        {
            slot = ref node.Gradient2;
        }
        if (slot < 0)
        {
            slot = gradient;
            return;
        }
        var sum = Allocate(stored[gradient].Bytes, stored[gradient].Part);
        Release(slot);
        Release(gradient);
        slot = sum;
    }
}
