using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>A shape for a model of which only the number of parameters is known, in the proportions of the Llama family.</summary>
internal static class ShapeGuess
{
    private const int Vocab = 32_000;

    /// <returns>The shape with what was missing filled in; null when not even the number of parameters is known.</returns>
    public static Architecture? Fill(Architecture shape)
    {
        if (shape is { Hidden: not null, Layers: not null, Heads: not null, Intermediate: not null, Vocab: not null })
        {
            return shape;
        }
        var vocab = shape.Vocab ?? Vocab;
        if (shape.Hidden is not { } hidden || shape.Layers is not { } layers)
        {
            if (shape.ParametersBillion is not { } billions)
            {
                return null;
            }
            (hidden, layers) = Proportions(billions * 1e9, vocab);
        }
        var heads = shape.Heads ?? Math.Max(1, hidden / 128);
        return shape with
        {
            Hidden = hidden, Layers = layers, Heads = heads, KvHeads = shape.KvHeads ?? heads, Vocab = vocab,
            Intermediate = shape.Intermediate ?? (int)(hidden * 2.6875), HeadDim = shape.HeadDim ?? Math.Max(1, hidden / heads),
        };
    }

    /// <summary>Llama's blocks have 12 h² parameters and about one layer for 128 of the width.</summary>
    private static (int Hidden, int Layers) Proportions(double parameters, int vocab)
    {
        for (var hidden = 256; hidden < 32_768; hidden += 128)
        {
            var layers = Math.Max(2, hidden / 128);
            if (12.0 * hidden * hidden * layers + 2.0 * vocab * hidden >= parameters)
            {
                return (hidden, layers);
            }
        }
        return (32_768, 256);
    }
}
