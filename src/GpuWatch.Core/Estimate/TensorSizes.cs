using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>Tensors of one size.</summary>
/// <param name="InEachBlock">So many of them are in each block; 0 = they are outside of the blocks.</param>
/// <param name="Count">So many are in the model.</param>
/// <param name="Packed">Matrices that quantisation packs.</param>
internal readonly record struct TensorSize(long Elements, long InEachBlock, long Count, bool Packed = false)
{
    public static TensorSize Outside(long elements, long count) => new(elements, 0, count);
}

/// <summary>
/// The tensors of a model by size: 8-bit optimizers treat small ones otherwise, some step one tensor at a time, the allocator rounds each. What
/// <see cref="ParameterCount"/> counts beside them is one more tensor of each block and of the rest, so that they are the model's parameters.
/// </summary>
internal static class TensorSizes
{
    /// <summary>Kinds outside of the blocks, of a linear's adapter, and in a block beside its linears.</summary>
    private const int MostOutside = 6, MostOfAdapter = 3, MostBeside = 11;

    /// <summary>Room for every kind of tensor a model of two stacks may have, or its adapters.</summary>
    public const int Most = MostOutside + 2 * (MostBeside + MostOfAdapter * Linear.Most);

    /// <summary>Those that get a gradient.</summary>
    /// <returns>How many entries of <paramref name="into"/> were filled.</returns>
    public static int Trained(Step step, Span<TensorSize> into) =>
        step.Block.Rank > 0 ? Adapters(step, into)
        : !step.Block.Trained ? 0
        : step.HeadTrained ? Model(step, into)
        : Blocks(step, into);

    /// <summary>Those of the blocks alone, and of the norm behind them.</summary>
    private static int Blocks(Step step, Span<TensorSize> into)
    {
        var list = new Sizes(into);
        list.Add(step.Block.Hidden, step.Block.NormScales);
        InBlocks(step, ref list);
        return list.Count;
    }

    /// <summary>Those of the model without adapters.</summary>
    public static int Model(Step step, Span<TensorSize> into)
    {
        var block = step.Block;
        var list = new Sizes(into);
        list.Add(step.Vocab * step.Embedded, 1);
        list.Add(step.Classes * step.Embedded, step.Tied ? 0 : 1);
        list.Add(step.EmbeddingWidth * block.Hidden, 2);
        list.Add((long)step.PositionRows * block.Hidden, 1);
        list.Add(block.Hidden, step.FinalNorm ? block.NormScales : 0);
        list.Add(step.Unplayed, 1);
        InBlocks(step, ref list);
        return list.Count;
    }

    /// <summary>Those of LoRA.</summary>
    public static int Adapters(Step step, Span<TensorSize> into)
    {
        var list = new Sizes(into);
        AtEnd(step, Targets.Embedding, step.Vocab, ref list);
        AtEnd(step, Targets.Head, step.Classes, ref list);
        Adapters(step.Block, step.EncoderLayers, ref list);
        Adapters(step.Decoder, step.DecoderLayers, ref list);
        return list.Count;
    }

    private static void AtEnd(Step step, Targets end, long rows, ref Sizes list)
    {
        var count = (step.Block.Targets & end) != 0 ? 1 : 0;
        list.Add(step.Block.Rank * rows, count);
        list.Add(step.Block.Rank * step.Embedded, count);
    }

    private static void Adapters(Block block, int layers, ref Sizes list)
    {
        if (layers == 0)
        {
            return;
        }
        Span<Linear> linears = stackalloc Linear[Linear.Most];
        foreach (var linear in linears[..Linear.Of(block, linears)])
        {
            if ((block.Targets & linear.Target) != 0)
            {
                list.Add(block.Rank * linear.Inputs, linear.Alike, layers);
                list.Add(block.Rank * linear.Outputs, linear.Alike, layers);
                list.Add(block.Magnitudes ? linear.Outputs : 0, linear.Alike, layers);
            }
        }
    }

    /// <summary>Parameters of a block that have a tensor of their own; of encoder and decoder the mean.</summary>
    public static long InBlock(Step step) => step.EncoderLayers == 0
        ? InBlock(step.Block)
        : (step.EncoderLayers * InBlock(step.Block) + step.DecoderLayers * InBlock(step.Decoder)) / (step.EncoderLayers + step.DecoderLayers);

    private static long InBlock(Block block)
    {
        Span<TensorSize> tensors = stackalloc TensorSize[Most];
        var list = new Sizes(tensors);
        InBlocks(block, 1, ref list);
        return Sum(tensors[..list.Count]);
    }

    public static long Sum(ReadOnlySpan<TensorSize> tensors)
    {
        var sum = 0L;
        foreach (var tensor in tensors)
        {
            sum += tensor.Elements * tensor.Count;
        }
        return sum;
    }

    private static void InBlocks(Step step, ref Sizes list)
    {
        InBlocks(step.Block, step.EncoderLayers, ref list);
        InBlocks(step.Decoder, step.DecoderLayers, ref list);
    }

    private static void InBlocks(Block block, int layers, ref Sizes list)
    {
        if (layers == 0)
        {
            return;
        }
        Span<Linear> linears = stackalloc Linear[Linear.Most];
        foreach (var linear in linears[..Linear.Of(block, linears)])
        {
            list.Add(linear.Inputs * linear.Outputs, linear.Alike, layers, packed: block.Quantised);
        }
        list.Add(block.Hidden, (block.Norms + (block.CrossAttends ? 1L : 0)) * block.NormScales, layers);
        list.Add(block.QkNorm is QkNorm.AllHeads ? block.Queries : block.HeadDim, block.QkNorm is QkNorm.None ? 0 : 1, layers);
        list.Add(block.QkNorm is QkNorm.AllHeads ? block.Keys : block.HeadDim, block.QkNorm is QkNorm.None ? 0 : 1, layers);
        list.Add(block.Latent?.QueryRank ?? 0, 1, layers);
        list.Add(block.Latent?.KvRank ?? 0, 1, layers);
        if (block.QkvBias)
        {
            list.Add(block.FusedQkv ? block.Queries + 2 * block.Keys : block.Queries, 1, layers);
            list.Add(block.Keys, block.FusedQkv ? 0 : 2, layers);
        }
        list.Add(block.Hidden, block.OutputBiased ? 1 : 0, layers);
        list.Add(block.Hidden, block.Biased ? 1 : 0, layers);
        list.Add(block.Intermediate, block.Biased ? 1 : 0, layers);
        list.Add(block.Unplayed, 1, layers);
    }

    private ref struct Sizes(Span<TensorSize> into)
    {
        private readonly Span<TensorSize> into = into;

        public int Count { get; private set; }

        public void Add(long elements, long count)
        {
            if (elements > 0 && count > 0)
            {
                into[Count++] = TensorSize.Outside(elements, count);
            }
        }

        public void Add(long elements, long each, int blocks, bool packed = false)
        {
            if (elements > 0 && each > 0)
            {
                into[Count++] = new(elements, each, each * blocks, packed);
            }
        }
    }
}
