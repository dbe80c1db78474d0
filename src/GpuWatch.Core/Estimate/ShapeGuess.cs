using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>A shape for a model of which only the number of parameters is known, in the proportions of the Llama family.</summary>
internal static class ShapeGuess
{
    private const int Vocab = 32_000;

    /// <summary>Numbers of parameters are told rounded.</summary>
    public const double Tolerance = 0.06;

    /// <returns>The shape with what was missing filled in; null when not even the number of parameters is known.</returns>
    public static Architecture? Fill(Architecture shape)
    {
        if (shape is { Hidden: not null, Layers: not null, Heads: not null, Intermediate: not null, Vocab: not null })
        {
            return shape;
        }
        var vocab = shape.Vocab ?? Classes(shape) ?? Vocab;
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

    /// <summary>What the parameters leave for the head beside the blocks: a classifier's few classes, where no vocabulary is told.</summary>
    private static int? Classes(Architecture shape)
    {
        if (shape is not { Hidden: { } hidden, Layers: { } layers, ParametersBillion: { } billions })
        {
            return null;
        }
        var rest = billions * 1e9 - 12.0 * hidden * hidden * layers;
        return rest < 2000.0 * hidden ? 1000 : null;
    }

    /// <summary>
    /// A number of parameters that the shape cannot have says that the block is of another family: the one of the two that comes nearer is taken,
    /// and its parameters are scaled to what was said. A model of the catalogue is what the catalogue says.
    /// </summary>
    public static (Architecture Shape, ParameterCount Parameters) Reconcile(Architecture shape, ParameterCount parameters, bool isBlockSaid)
    {
        if (shape.ParametersBillion is not { } billions || Math.Abs(parameters.Total / (billions * 1e9) - 1) < Tolerance)
        {
            return (shape, parameters);
        }
        var said = billions * 1e9;
        var other = shape with { Block = "gpt2", Positions = 0 };
        if (!isBlockSaid && shape.Experts is null && ParameterCount.Of(other) is { } counted && Math.Abs(counted.Total - said) < Math.Abs(parameters.Total - said))
        {
            (shape, parameters) = (other, counted);
        }
        var scale = said / parameters.Total;
        long Scaled(long count) => (long)(count * scale);
        return (shape, new(
            Scaled(parameters.Embedding), Scaled(parameters.Head), Scaled(parameters.Blocks), Scaled(parameters.BlockMatrices),
            Scaled(parameters.LargestBlock), Scaled(parameters.Rest)));
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
