namespace GpuWatch.Core.Jobs;

/// <summary>Shape of a transformer. Null = unknown, or what the block's family usually has.</summary>
/// <param name="Block">Family of the block: llama, gpt2, … (CONTRACTS 3; all of them in <see cref="BlockTraits"/>).</param>
/// <param name="ParametersBillion">All parameters in 1e9, embeddings and every expert included.</param>
/// <param name="Layers">Blocks; in an encoder-decoder those of both stacks together.</param>
/// <param name="HeadDim">Width of one head; null = hidden ÷ heads.</param>
/// <param name="Intermediate">Width of the dense MLP.</param>
/// <param name="Positions">Rows of the learned position table; null = the family's usual, 0 where positions are not learned.</param>
/// <param name="Experts">Routed experts of a mixture-of-experts layer; null = a dense MLP.</param>
/// <param name="ExpertsPerToken">Routed experts a token passes through.</param>
/// <param name="ExpertIntermediate">Width of one routed expert; null = <paramref name="Intermediate"/>.</param>
/// <param name="SharedIntermediate">Width of the experts every token passes through, together; null = none.</param>
/// <param name="DenseLayers">Leading layers of a mixture that have a dense MLP; null = none.</param>
/// <param name="EmbeddingWidth">Width of embedding and head, where two projections lead to and from the hidden width (OPT-350M); null = hidden.</param>
/// <param name="Latent">Multi-head latent attention; null = ordinary heads.</param>
public sealed record Architecture(
    string? Name = null,
    string? Block = null,
    double? ParametersBillion = null,
    int? Hidden = null,
    int? Layers = null,
    int? Heads = null,
    int? KvHeads = null,
    int? Intermediate = null,
    int? Vocab = null,
    bool? TiedEmbeddings = null,
    bool? QkvBias = null,
    int? HeadDim = null,
    int? Positions = null,
    int? Experts = null,
    int? ExpertsPerToken = null,
    int? ExpertIntermediate = null,
    int? SharedIntermediate = null,
    int? DenseLayers = null,
    LatentAttention? Latent = null,
    int? EmbeddingWidth = null);

/// <summary>Multi-head latent attention: queries, keys and values pass through low-rank bottlenecks (DeepSeek-V2, arXiv 2405.04434, section 2.1).</summary>
/// <param name="QueryRank">Rank of the queries' bottleneck; null = queries are projected directly.</param>
/// <param name="KvRank">Rank of the bottleneck that keys and values share.</param>
/// <param name="NopeDim">Width of a head's part without positions.</param>
/// <param name="RopeDim">Width of a head's part with rotary positions; its key is shared by all heads.</param>
/// <param name="ValueDim">Width of a head's value.</param>
public sealed record LatentAttention(int? QueryRank, int KvRank, int NopeDim, int RopeDim, int ValueDim);
