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
            foreach (var (inputs, outputs, target, alike) in Linears(block))
            {
                if ((block.Targets & target) != 0)
                {
                    into[count++] = new(block.Rank * inputs, alike * step.Layers);
                    into[count++] = new(block.Rank * outputs, alike * step.Layers);
                }
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
        foreach (var (inputs, outputs, _, alike) in Linears(block))
        {
            into[count++] = new(inputs * outputs, alike * step.Layers);
        }
        if (block.QkvBias)
        {
            into[count++] = new(block.FusedQkv ? block.Queries + 2 * block.Keys : block.Queries, step.Layers);
            into[count++] = new(block.Keys, block.FusedQkv ? 0 : 2L * step.Layers);
        }
        if (block.Biased)
        {
            into[count++] = new(block.Hidden, 2L * step.Layers);
            into[count++] = new(block.Intermediate, step.Layers);
        }
        return count;
    }

    /// <summary>Sizes, what LoRA calls them, and how many of this size a block has: one for each expert.</summary>
    private static (long Inputs, long Outputs, Targets Target, long Alike)[] Linears(Block block)
    {
        const Targets qkv = Targets.Query | Targets.Key | Targets.Value;
        (long, long, Targets, long)[] attention = block.FusedQkv
            ? [(block.Hidden, block.Queries + 2 * block.Keys, qkv, 1), (block.Queries, block.Hidden, Targets.Output, 1)]
            :
            [
                (block.Hidden, block.Queries, Targets.Query, 1), (block.Hidden, block.Keys, Targets.Key, 1), (block.Hidden, block.Keys, Targets.Value, 1),
                (block.Queries, block.Hidden, Targets.Output, 1),
            ];
        var width = Math.Max(1, (long)(block.Intermediate * block.ExpertCopies / block.Experts));
        (long, long, Targets, long)[] mlp = block.Gated
            ?
            [
                (block.Hidden, width, Targets.Gate, block.Experts), (block.Hidden, width, Targets.Up, block.Experts),
                (width, block.Hidden, Targets.Down, block.Experts),
            ]
            : [(block.Hidden, width, Targets.Up, block.Experts), (width, block.Hidden, Targets.Down, block.Experts)];
        return [.. attention, .. mlp];
    }
}
