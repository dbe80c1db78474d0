using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>So many tensors of so many elements.</summary>
internal readonly record struct TensorSize(long Elements, long Count);

/// <summary>
/// The tensors of a model that a step trains, by size: 8-bit optimizers treat small ones otherwise, some step one tensor at a time. What
/// <see cref="ParameterCount"/> counts beside them is one more tensor of each block and of the rest, so that they are the model's parameters.
/// </summary>
internal static class TensorSizes
{
    /// <summary>Room for every kind of tensor a step may train.</summary>
    public const int Most = 28;

    /// <returns>How many entries of <paramref name="into"/> were filled.</returns>
    public static int Of(Step step, Span<TensorSize> into)
    {
        var block = step.Block;
        var list = new Sizes(into);
        if (block.Rank > 0)
        {
            Adapters(step, ref list);
        }
        else if (block.Trained)
        {
            list.Add(step.Vocab * block.Hidden, 1);
            list.Add(step.Classes * block.Hidden, step.Tied ? 0 : 1);
            list.Add((long)step.PositionRows * block.Hidden, 1);
            list.Add(block.Hidden, block.NormScales);
            list.Add(step.Unplayed, 1);
            InBlocks(block, step.Layers, ref list);
        }
        return list.Count;
    }

    /// <summary>Parameters of one block that have a tensor of their own.</summary>
    public static long InBlock(Block block)
    {
        Span<TensorSize> tensors = stackalloc TensorSize[Most];
        var list = new Sizes(tensors);
        InBlocks(block, 1, ref list);
        return Sum(tensors[..list.Count]);
    }

    public static long Sum(ReadOnlySpan<TensorSize> tensors)
    {
        var sum = 0L;
        foreach (var (elements, count) in tensors)
        {
            sum += elements * count;
        }
        return sum;
    }

    private static void Adapters(Step step, ref Sizes list)
    {
        var block = step.Block;
        Span<Linear> linears = stackalloc Linear[Linear.Most];
        foreach (var linear in linears[..Linear.Of(block, linears)])
        {
            if ((block.Targets & linear.Target) != 0)
            {
                list.Add(block.Rank * linear.Inputs, linear.Alike * step.Layers);
                list.Add(block.Rank * linear.Outputs, linear.Alike * step.Layers);
            }
        }
    }

    private static void InBlocks(Block block, int layers, ref Sizes list)
    {
        Span<Linear> linears = stackalloc Linear[Linear.Most];
        foreach (var linear in linears[..Linear.Of(block, linears)])
        {
            list.Add(linear.Inputs * linear.Outputs, linear.Alike * layers);
        }
        list.Add(block.Hidden, (long)block.Norms * block.NormScales * layers);
        list.Add(block.QkNorm is QkNorm.AllHeads ? block.Queries : block.HeadDim, block.QkNorm is QkNorm.None ? 0 : layers);
        list.Add(block.QkNorm is QkNorm.AllHeads ? block.Keys : block.HeadDim, block.QkNorm is QkNorm.None ? 0 : layers);
        list.Add(block.Latent?.QueryRank ?? 0, layers);
        list.Add(block.Latent?.KvRank ?? 0, layers);
        if (block.QkvBias)
        {
            list.Add(block.FusedQkv ? block.Queries + 2 * block.Keys : block.Queries, layers);
            list.Add(block.Keys, block.FusedQkv ? 0 : 2L * layers);
        }
        list.Add(block.Hidden, (block.OutputBiased ? 1L : 0) * layers);
        list.Add(block.Hidden, (block.Biased ? 1L : 0) * layers);
        list.Add(block.Intermediate, (block.Biased ? 1L : 0) * layers);
        list.Add(block.Unplayed, layers);
    }

    private ref struct Sizes(Span<TensorSize> into)
    {
        private readonly Span<TensorSize> into = into;

        public int Count { get; private set; }

        public void Add(long elements, long count)
        {
            if (elements > 0 && count > 0)
            {
                into[Count++] = new(elements, count);
            }
        }
    }
}
