namespace GpuWatch.Core.Jobs;

/// <summary>Shape of a transformer. Null = unknown.</summary>
/// <param name="Block">Family of the block: llama, gpt2, … (CONTRACTS 3).</param>
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
    bool? QkvBias = null);
