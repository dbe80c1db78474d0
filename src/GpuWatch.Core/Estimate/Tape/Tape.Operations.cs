namespace GpuWatch.Core.Estimate.Tape;

/// <summary>The operations of a transformer: what each allocates, saves for backward and how its gradient flows (PyTorch's derivatives.yaml).</summary>
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

    /// <summary>log-softmax and negative log-likelihood: keeps the former; backward holds one more of its size.</summary>
    public void CrossEntropy(Tensor logits, long labels)
    {
        var result = Allocate(logits.Bytes, Part);
        if (Recording && logits.NeedsGradient)
        {
            ref var node = ref Add(Flow.Chain, logits.Edge, logits.Bytes);
            (node.Saved0, node.Saved1) = (result, labels > 0 ? Allocate(labels * 8, Part) : -1);
        }
        else
        {
            Release(result);
        }
    }

    /// <summary>The loss: where backward starts. Call after <see cref="CrossEntropy"/> or <see cref="LinearCrossEntropy"/>.</summary>
    public void BackwardFromLoss(int mark)
    {
        if (nodes > 0)
        {
            Seed(new(nodes - 1, 0), 4);
        }
        Backward(mark);
    }

    /// <summary>
    /// Head and loss together in chunks of tokens; the gradients of x and of the head are made on the way (Liger, arXiv 2410.10989, section 3.2).
    /// </summary>
    public void LinearCrossEntropy(Tensor x, Weight head, long rows)
    {
        var input = Autocast ? Cast(x, 2) : Cast(x, x.Width);
        var narrow = Autocast && head.Width != 2;
        var cast = narrow ? CastWeight(head, false).Storage : -1;
        var gradient = Allocate(input.Bytes, Part);
        var ofHead = head.Trained ? Allocate((long)(head.Elements * input.Width * GradientShare), Part.Gradients) : -1;
        var chunk = Chunk(rows, head);
        var (logits, upcast) = (Allocate(chunk * head.Outputs * input.Width, Part), input.Width < 4 ? Allocate(chunk * head.Outputs * 4, Part) : -1);
        Release(logits);
        Release(upcast);
        ref var node = ref Add(Flow.Ready, input.Edge, input.Bytes);
        node.Saved0 = gradient;
        if (narrow && head.Trained)
        {
            node.WeightGradient = head.Elements * head.Width;
        }
        if (narrow || Accumulating)
        {
            node.Saved1 = ofHead;
        }
        else if (ofHead >= 0)
        {
            gradients.Add(ofHead);
        }
        Release(cast);
        Drop(input);
    }

    /// <summary>Liger's rule: so many chunks that the logits of one are about as wide as the hidden state of all; a power of two.</summary>
    private static long Chunk(long rows, Weight head)
    {
        var chunks = (head.Outputs + head.Inputs - 1) / head.Inputs;
        var least = (rows + chunks - 1) / chunks;
        return (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)least);
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

    public Tensor Sum(Tensor x, Tensor y)
    {
        var result = new Tensor(Allocate(x.Elements * Math.Max(x.Width, y.Width), Part), Edge.None, x.Elements, Math.Max(x.Width, y.Width));
        if (Recording && (x.NeedsGradient || y.NeedsGradient))
        {
            ref var node = ref Add(Flow.Share, x.Edge, x.Bytes);
            (node.B, node.BytesB) = (y.Edge, y.Bytes);
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return result;
    }

    public Tensor Product(Tensor x, Tensor y)
    {
        var result = new Tensor(Allocate(x.Bytes, Part), Edge.None, x.Elements, x.Width);
        if (Recording && (x.NeedsGradient || y.NeedsGradient))
        {
            ref var node = ref Add(Flow.Spread, x.Edge, x.Bytes);
            (node.B, node.BytesB) = (y.Edge, y.Bytes);
            (node.Saved0, node.Saved1) = (Save(x), Save(y));
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return result;
    }

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

    /// <summary>x times a small tensor that is spread over it.</summary>
    public Tensor Scale(Tensor x, Tensor small)
    {
        var result = new Tensor(Allocate(x.Bytes, Part), Edge.None, x.Elements, x.Width);
        if (Recording && (x.NeedsGradient || small.NeedsGradient))
        {
            ref var node = ref Add(Flow.Broadcast, x.Edge, x.Bytes);
            (node.B, node.BytesB) = (small.Edge, small.Bytes);
            (node.Saved0, node.Saved1) = (Save(x), Save(small));
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return result;
    }

    /// <summary>x times the scale of a norm; x is saved only where the scale is trained.</summary>
    public Tensor ScaleByWeight(Tensor x, long weightBytes, bool trained)
    {
        if (!trained)
        {
            return Map(x, x.Elements, x.Width);
        }
        var result = new Tensor(Allocate(x.Bytes, Part), Edge.None, x.Elements, x.Width);
        if (Recording)
        {
            ref var node = ref Add(Flow.Broadcast, x.Edge, x.Bytes);
            node.Saved0 = Save(x);
            node.WeightGradient = weightBytes;
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return result;
    }

    /// <summary>RMSNorm as Hugging Face writes it: in fp32, cast back, then scaled. Keeps x in fp32, 1/rms and the scaled numbers.</summary>
    public Tensor RmsNorm(Tensor x, long rows, int weightWidth, bool trained)
    {
        var wide = Cast(x, 4);
        var square = Power(wide);
        var mean = Map(square, rows, 4);
        Drop(square);
        var inverse = Then(mean, savesResult: true);
        var normed = Scale(wide, inverse);
        Drop(wide);
        Drop(inverse);
        var back = Cast(normed, x.Width);
        var result = ScaleByWeight(back, x.Elements / rows * weightWidth, trained);
        Drop(normed);
        Drop(back);
        return result;
    }

    /// <summary>LayerNorm in one kernel: keeps x and two numbers a row (native_layer_norm).</summary>
    /// <param name="weightWidth">Bytes of scale and shift for each number of a row; 0 = it has neither.</param>
    public Tensor LayerNorm(Tensor x, long rows, int weightWidth, bool trained)
    {
        var result = new Tensor(Allocate(x.Bytes, Part), Edge.None, x.Elements, x.Width);
        var (mean, deviation) = (Allocate(rows * 4, Part), Allocate(rows * 4, Part));
        if (Recording && (x.NeedsGradient || trained))
        {
            ref var node = ref Add(Flow.Map, x.Edge, x.Bytes);
            (node.Saved0, node.Saved1, node.Saved2) = (Save(x), mean, deviation);
            node.WeightGradient = trained ? x.Elements / rows * weightWidth : 0;
            return result with { Edge = new(nodes - 1, 0) };
        }
        Release(mean);
        Release(deviation);
        return result;
    }

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
    public Tensor Multiply(Tensor x, Tensor y, long elements)
    {
        var result = new Tensor(Allocate(elements * x.Width, Part), Edge.None, elements, x.Width);
        if (Recording && (x.NeedsGradient || y.NeedsGradient))
        {
            ref var node = ref Add(Flow.Spread, x.Edge, x.Bytes);
            (node.B, node.BytesB) = (y.Edge, y.Bytes);
            (node.Saved0, node.Saved1) = (Save(x), Save(y));
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return result;
    }

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

    /// <summary>Two tensors put side by side, or the second beside each part of the first (torch.cat).</summary>
    public Tensor Join(Tensor x, Tensor y, long elements)
    {
        var result = new Tensor(Allocate(elements * x.Width, Part), Edge.None, elements, x.Width);
        if (Recording && (x.NeedsGradient || y.NeedsGradient))
        {
            ref var node = ref Add(Flow.Spread, x.Edge, x.Bytes);
            (node.B, node.BytesB) = (y.Edge, y.Bytes);
            result = result with { Edge = new(nodes - 1, 0) };
        }
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
