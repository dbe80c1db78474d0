namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Linear layers, plain, under autocast and quantised.</summary>
internal sealed partial class Tape
{
    private readonly List<int> casts = [];

    /// <summary>Autocast: products run in 16 bits over fp32 weights.</summary>
    public bool Autocast { get; set; }

    /// <summary>Parts a matrix is cut into: what is made of one, for a moment or to keep, is as small.</summary>
    public int Slices { get; set; } = 1;

    /// <summary>x·Wᵀ + b. Keeps x where W is trained and, under autocast, the cast of W where x needs a gradient.</summary>
    public Tensor Linear(Tensor x, Weight weight, long rows)
    {
        if (weight.Quantised)
        {
            return LinearQuantised(x, weight, rows);
        }
        var input = Autocast ? Cast(x, 2) : Cast(x, x.Width);
        var (cast, edge) = Autocast && weight.Width != 2 ? CastWeight(weight, Recording) : (-1, Edge.None);
        var width = input.Width;
        var result = new Tensor(Allocate(rows * weight.Outputs * width, Part), Edge.None, rows * weight.Outputs, width);
        if (Recording && (input.NeedsGradient || weight.Trained))
        {
            ref var node = ref Add(Flow.Spread, input.Edge, input.Bytes);
            if (weight.Trained)
            {
                node.Saved0 = Save(input);
                (node.B, node.BytesB) = (edge, weight.Elements * width / Slices);
                node.WeightGradient = edge.Node < 0 ? weight.Elements * weight.Width : 0;
            }
            if (input.NeedsGradient && cast >= 0)
            {
                Hold(cast);
                node.Saved1 = cast;
            }
            result = result with { Edge = new(nodes - 1, 0) };
        }
        Release(cast);
        Drop(input);
        return result;
    }

    /// <summary>Autocast keeps one cast of a trained weight until the forward pass ends; a frozen one is cast anew at each use (torch.autocast).</summary>
    private (int Storage, Edge Edge) CastWeight(Weight weight, bool records)
    {
        var cast = Allocate(weight.Elements * 2 / Slices, Part.Temporaries, Place.Cast);
        if (!weight.Trained)
        {
            return (cast, Edge.None);
        }
        Hold(cast);
        casts.Add(cast);
        if (!records)
        {
            return (cast, Edge.None);
        }
        ref var node = ref Add(Flow.Map, Edge.None, 0);
        node.WeightGradient = weight.Elements * weight.Width;
        return (cast, new(nodes - 1, 0));
    }

    public int CastMark => casts.Count;

    /// <summary>Autocast's cache is emptied down to a mark; what backward still needs lives on.</summary>
    public void DropCasts(int mark)
    {
        for (var i = mark; i < casts.Count; i++)
        {
            Release(casts[i]);
        }
        casts.RemoveRange(mark, casts.Count - mark);
    }

    /// <summary>Those of the blocks that one stands for go: they were counted, not made.</summary>
    /// <param name="first">First cast of that block; they go on to <paramref name="end"/>.</param>
    /// <param name="more">Blocks it stands for beside itself.</param>
    public void CountCasts(int first, int end, long more)
    {
        for (var i = first; i < end; i++)
        {
            var size = stored[casts[i]].Bytes;
            Count(Part.Temporaries, Place.Cast, size, -more * size);
        }
    }

    /// <summary>The 16-bit weight lives during its product, and again during backward's (bitsandbytes MatMul4Bit).</summary>
    private Tensor LinearQuantised(Tensor x, Weight weight, long rows)
    {
        // Whole under tensor parallelism too: LitGPT's published peaks of Llama-2-70B on 2, 4 and 8 GPUs are 10 % above what a slice's buffer would give.
        var scratch = weight.Inputs * weight.Outputs * 2;
        var wide = Allocate(scratch, Part.Temporaries, Place.Unpacked);
        var result = new Tensor(Allocate(rows * weight.Outputs * x.Width, Part), Edge.None, rows * weight.Outputs, x.Width);
        Release(wide);
        if (Recording && x.NeedsGradient)
        {
            ref var node = ref Add(Flow.Dequantise, x.Edge, x.Bytes);
            node.Scratch = scratch;
            result = result with { Edge = new(nodes - 1, 0) };
        }
        return weight.Biases > 0 ? Then(result) : result;
    }

    /// <summary>
    /// A frozen layer with LoRA beside it, as PEFT runs it: x to the adapter's dtype, dropout, A, B, scale, back to the layer's dtype, add
    /// (peft/tuners/lora/layer.py).
    /// </summary>
    /// <param name="width">Bytes of a number of the adapter.</param>
    /// <param name="magnitudes">DoRA's.</param>
    public Tensor LinearWithLora(Tensor x, Weight weight, long rows, long rank, int width, bool dropout, bool magnitudes = false)
    {
        var frozen = Linear(x, weight, rows);
        var place = Place;
        Place = Place.Adapter;
        var input = Cast(x, width);
        if (dropout)
        {
            var dropped = Dropout(input);
            Drop(input);
            input = dropped;
        }
        var low = Linear(input, new(weight.Inputs, rank, 0, width, true), rows);
        var high = Linear(low, new(rank, weight.Outputs, 0, width, true), rows);
        Drop(low);
        var scaled = magnitudes ? Magnified(frozen, high, weight, width) : Map(high, high.Elements, high.Width);
        var result = Added(frozen, scaled, place);
        Drop(input);
        Drop(high);
        return result;
    }

    /// <summary>
    /// (m − 1) · base + m · adapter, each of which is kept for the gradient of the magnitudes m. Their norm is taken of the whole weight with its adapter, of which
    /// four are made for a moment: B·A, its multiple, the weight in the adapter's dtype, and their sum (peft/tuners/lora/dora.py, DoraLinearLayer).
    /// </summary>
    private Tensor Magnified(Tensor frozen, Tensor adapter, Weight weight, int width)
    {
        Touch(4 * weight.Inputs * weight.Outputs * width / Slices, Part.Temporaries, Place.Adapter);
        var ofBase = ScaleByWeight(frozen, weight.Outputs * width, trained: true);
        var ofAdapter = Then(ScaleByWeight(adapter, 0, trained: true));
        var both = Sum(ofBase, ofAdapter);
        Drop(ofBase);
        Drop(ofAdapter);
        return both;
    }

    /// <summary>
    /// Rows of a frozen embedding with LoRA beside them: rows of A, times B, scaled and added (peft/tuners/lora/layer.py, Embedding). The name of the rows goes.
    /// </summary>
    public Tensor WithLoraOfRows(Tensor rowsOfBase, long vocab, long outputs, long rows, long rank, int width)
    {
        var place = Place;
        Place = Place.Adapter;
        var low = Lookup(rows * rank, width, vocab * rank * width, 0);
        var high = Linear(low, new(rank, outputs, 0, width, true), rows);
        Drop(low);
        var scaled = Then(high);
        return Added(rowsOfBase, scaled, place);
    }

    /// <summary>What the base makes, with what its adapter adds in the base's dtype; both names go, and the tape is back in <paramref name="place"/>.</summary>
    private Tensor Added(Tensor ofBase, Tensor ofAdapter, Place place)
    {
        var back = Cast(ofAdapter, ofBase.Width);
        Drop(ofAdapter);
        Place = place;
        var result = Sum(ofBase, back);
        Drop(back);
        Drop(ofBase);
        return result;
    }
}
