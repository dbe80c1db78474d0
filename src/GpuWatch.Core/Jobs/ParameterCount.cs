using GpuWatch.Core.Units;

namespace GpuWatch.Core.Jobs;

/// <summary>Parameters of a transformer by place, counted from its architecture.</summary>
/// <param name="Embedding">The token embedding, which is also the head where they are tied.</param>
/// <param name="Head">The head of its own, with its bias; 0 where it is tied.</param>
/// <param name="Blocks">All blocks together.</param>
/// <param name="BlockMatrices">Of <paramref name="Blocks"/> what is in matrices of linear layers: what quantisation compresses.</param>
/// <param name="LargestBlock">The largest single block: what a sharded job gathers at once.</param>
/// <param name="Rest">Learned positions, token types, norms outside the blocks, pooler, relative biases.</param>
public readonly record struct ParameterCount(long Embedding, long Head, long Blocks, long BlockMatrices, long LargestBlock, long Rest)
{
    public long Total => Embedding + Head + Blocks + Rest;

    /// <summary>Counts an architecture; what is not said is what its family usually has.</summary>
    /// <returns>Null without hidden, layers, heads, intermediate and vocab.</returns>
    [Formula("the modelling code of each family in transformers, as its published safetensors count")]
    public static ParameterCount? Of(Architecture shape)
    {
        if (shape is not { Hidden: { } hidden, Layers: { } layers, Heads: { } heads, Intermediate: { } width, Vocab: { } vocab })
        {
            return null;
        }
        var traits = BlockTraits.Of(shape.Block);
        var tied = shape.TiedEmbeddings ?? traits.Tied;
        var rest = (long)(shape.Positions ?? traits.Positions) * hidden
            + traits.TokenTypes * hidden
            + (traits.EmbeddingNorm ? Scale(traits, hidden) : 0)
            + (traits.FinalNorm ? Scale(traits, hidden) : 0)
            + (traits.Pooler ? (long)hidden * hidden + hidden : 0)
            + (shape.EmbeddingWidth is { } narrow ? 2L * narrow * hidden : 0);
        var attention = Attention(shape, traits, hidden, heads);
        var norms = traits.Norms * Scale(traits, hidden);
        var dense = Mlp(traits, hidden, width);
        var embedded = shape.EmbeddingWidth ?? hidden;
        var head = (tied ? 0 : (long)vocab * embedded) + (traits.HeadBias ? vocab : 0);
        var embedding = (long)vocab * embedded;
        if (traits.EncoderDecoder)
        {
            return EncoderDecoder(embedding, head, layers / 2, attention, dense, hidden, heads, rest);
        }
        var sparse = shape.Experts is { } experts ? Mixture(shape, traits, hidden, experts, width) : dense;
        var denseLayers = shape.Experts is null ? layers : Math.Min(shape.DenseLayers ?? 0, layers);
        var matrices = layers * attention.Matrices + denseLayers * dense.Matrices + (layers - denseLayers) * sparse.Matrices;
        var others = layers * (attention.Others + norms) + denseLayers * dense.Others + (layers - denseLayers) * sparse.Others;
        var largest = attention.All + norms + Math.Max(denseLayers > 0 ? dense.All : 0, denseLayers < layers ? sparse.All : 0);
        return new(embedding, head, matrices + others, matrices, largest, rest);
    }

    /// <summary>Parameters in the matrices of one block's attention.</summary>
    public static long AttentionMatrices(Architecture shape) =>
        Attention(shape, BlockTraits.Of(shape.Block), shape.Hidden!.Value, shape.Heads!.Value).Matrices;

    private static long Scale(BlockTraits traits, int width) => (long)traits.Norm * width;

    private static Part Attention(Architecture shape, BlockTraits traits, int hidden, int heads)
    {
        if (shape.Latent is { } latent)
        {
            return Attention(latent, hidden, heads);
        }
        var dim = shape.HeadDim ?? Math.Max(1, hidden / heads);
        var (queries, keys) = ((long)heads * dim, (long)(shape.KvHeads ?? heads) * dim);
        var bias = (shape.QkvBias ?? traits.QkvBias ? queries + 2 * keys : 0) + (traits.OutputBias ? hidden : 0) + (traits.Sinks ? heads : 0);
        var norms = traits.QkNorm switch
        {
            QkNorm.OneHead => 2L * dim,
            QkNorm.AllHeads => queries + keys,
            _ => 0,
        };
        return new(2 * hidden * queries + 2 * hidden * keys, bias + norms);
    }

    /// <summary>Down- and up-projections of queries and of keys and values, each bottleneck normalised.</summary>
    [Formula("DeepSeek-V2 (arXiv 2405.04434), section 2.1")]
    private static Part Attention(LatentAttention latent, int hidden, int heads)
    {
        long wide = heads * (latent.NopeDim + latent.RopeDim);
        var queries = latent.QueryRank is { } rank ? hidden * (long)rank + rank * wide : hidden * wide;
        var keysAndValues = (long)hidden * (latent.KvRank + latent.RopeDim) + (long)latent.KvRank * heads * (latent.NopeDim + latent.ValueDim);
        return new(queries + keysAndValues + (long)heads * latent.ValueDim * hidden, (latent.QueryRank ?? 0) + latent.KvRank);
    }

    private static Part Mlp(BlockTraits traits, int hidden, int width)
    {
        var matrices = traits.Gated ? 3 : 2;
        return new((long)matrices * hidden * width, traits.MlpBias ? (matrices - 1L) * width + hidden : 0);
    }

    [Formula("Mixtral (arXiv 2401.04088), section 2.1; DeepSeekMoE (arXiv 2401.06066): a router, routed experts and shared ones")]
    private static Part Mixture(Architecture shape, BlockTraits traits, int hidden, int experts, int width)
    {
        var one = Mlp(traits, hidden, shape.ExpertIntermediate ?? width);
        var shared = Mlp(traits, hidden, shape.SharedIntermediate ?? 0).Matrices;
        return new(
            experts * one.Matrices + (long)experts * hidden + shared,
            experts * one.Others + (traits.RouterBias ? experts : 0) + (traits.SharedExpertGate ? hidden : 0));
    }

    /// <summary>A decoder block attends twice and has three norms; each stack has relative biases of 32 buckets and a final norm.</summary>
    [Formula("T5 (arXiv 1910.10683), section 2.1; transformers, modeling_t5.py")]
    private static ParameterCount EncoderDecoder(
        long embedding, long head, int layersEach, Part attention, Part mlp, int hidden, int heads, long rest)
    {
        var encoder = attention.All + mlp.All + 2L * hidden;
        var decoder = 2 * attention.All + mlp.All + 3L * hidden;
        return new(
            embedding, head, layersEach * (encoder + decoder), layersEach * (3 * attention.Matrices + 2 * mlp.Matrices), decoder,
            rest + hidden + 2 * 32 * heads);
    }

    private readonly record struct Part(long Matrices, long Others)
    {
        public long All => Matrices + Others;
    }
}
