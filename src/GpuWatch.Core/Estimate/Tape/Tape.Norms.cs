namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Normalisations. What each allocates, saves for backward and how its gradient flows is PyTorch's derivatives.yaml.</summary>
internal sealed partial class Tape
{
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
}
