using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate;

/// <summary>So many tensors of so many elements.</summary>
internal readonly record struct TensorSize(long Elements, long Count);

/// <summary>The tensors of a model that a step trains, by size: 8-bit optimizers treat small ones otherwise, some step one tensor at a time.</summary>
internal static class TensorSizes
{
    /// <summary>Room for every kind of tensor a step may train.</summary>
    public const int Most = 24;

    /// <returns>How many entries of <paramref name="into"/> were filled.</returns>
    public static int Of(Step step, Span<TensorSize> into)
    {
        var block = step.Block;
        var count = 0;
        if (block.Rank > 0)
        {
            foreach (var (inputs, outputs) in Linears(block))
            {
                into[count++] = new(block.Rank * inputs, step.Layers);
                into[count++] = new(block.Rank * outputs, step.Layers);
            }
            return count;
        }
        if (!block.Trained)
        {
            return 0;
        }
        into[count++] = new(step.Vocab * block.Hidden, step.Tied ? 1 : 2);
        into[count++] = new((long)step.PositionRows * block.Hidden, 1);
        into[count++] = new(block.Hidden, (block.Rms ? 1 : 2) * (2L * step.Layers + 1));
        foreach (var (inputs, outputs) in Linears(block))
        {
            into[count++] = new(inputs * outputs, step.Layers);
        }
        if (!block.Rms)
        {
            into[count++] = new(block.Queries + 2 * block.Keys, step.Layers);
            into[count++] = new(block.Hidden, 2L * step.Layers);
            into[count++] = new(block.Intermediate, step.Layers);
        }
        else if (block.QkvBias)
        {
            into[count++] = new(block.Queries, step.Layers);
            into[count++] = new(block.Keys, 2L * step.Layers);
        }
        return count;
    }

    private static (long Inputs, long Outputs)[] Linears(Block block) =>
        block.Rms
            ?
            [
                (block.Hidden, block.Queries), (block.Hidden, block.Keys), (block.Hidden, block.Keys), (block.Queries, block.Hidden),
                (block.Hidden, block.Intermediate), (block.Hidden, block.Intermediate), (block.Intermediate, block.Hidden),
            ]
            :
            [
                (block.Hidden, block.Queries + 2 * block.Keys), (block.Queries, block.Hidden),
                (block.Hidden, block.Intermediate), (block.Intermediate, block.Hidden),
            ];
}
