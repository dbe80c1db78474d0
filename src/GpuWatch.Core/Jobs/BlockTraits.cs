using System.Collections.Frozen;

namespace GpuWatch.Core.Jobs;

/// <summary>Scales and shifts a normalisation carries.</summary>
public enum Norm
{
    /// <summary>Neither: OLMo's.</summary>
    Bare = 0,
    /// <summary>A scale: RMSNorm, and LayerNorm without bias.</summary>
    Scale = 1,
    /// <summary>A scale and a shift: LayerNorm.</summary>
    ScaleAndShift = 2,
}

/// <summary>Whether queries and keys are normalised, and how wide the scale is.</summary>
public enum QkNorm { None, OneHead, AllHeads }

/// <summary>What all models of one block family have in common beside their sizes.</summary>
/// <param name="Norms">Normalisations of the hidden width in one block.</param>
/// <param name="IsRms">The normalisation is RMSNorm, which keeps other tensors for backward than LayerNorm.</param>
/// <param name="Gated">The MLP has three matrices (SwiGLU, GeGLU), not two.</param>
/// <param name="Positions">Rows of the learned position table the family usually has; 0 = rotary, ALiBi or relative.</param>
/// <param name="EmbeddingNorm">The embedding is normalised.</param>
/// <param name="FinalNorm">The output of the last block is normalised.</param>
/// <param name="TokenTypes">Rows of the token-type table.</param>
/// <param name="Pooler">A hidden × hidden layer reads the first token.</param>
/// <param name="EncoderDecoder">Half of the layers are encoder blocks, half decoder blocks with cross attention.</param>
/// <param name="SharedExpertGate">The shared expert has a gate of its own.</param>
/// <param name="RouterBias">The router has a bias for each expert.</param>
/// <param name="Sinks">Each head has a learned score that takes part in the softmax (gpt-oss).</param>
/// <param name="Tied">Embedding and head are usually one matrix.</param>
public sealed record BlockTraits(
    string Name,
    Norm Norm = Norm.Scale,
    int Norms = 2,
    bool IsRms = true,
    bool Gated = true,
    bool QkvBias = false,
    bool OutputBias = false,
    bool MlpBias = false,
    bool HeadBias = false,
    QkNorm QkNorm = QkNorm.None,
    int Positions = 0,
    bool EmbeddingNorm = false,
    bool FinalNorm = true,
    int TokenTypes = 0,
    bool Pooler = false,
    bool EncoderDecoder = false,
    bool SharedExpertGate = false,
    bool RouterBias = false,
    bool Tied = false,
    bool Sinks = false)
{
    private static readonly BlockTraits Gpt =
        new("gpt2", Norm.ScaleAndShift, IsRms: false, Gated: false, QkvBias: true, OutputBias: true, MlpBias: true, Positions: 1024, Tied: true);

    private static readonly FrozenDictionary<string, BlockTraits> All = new BlockTraits[]
    {
        new("llama"),
        new("internlm", QkvBias: true, OutputBias: true),
        new("qwen3", QkNorm: QkNorm.OneHead),
        new("qwen2_moe", QkvBias: true, SharedExpertGate: true),
        new("deepseek"),
        new("deepseek3", RouterBias: true),
        new("gemma", Tied: true),
        new("gemma2", Norms: 4, Tied: true),
        new("gemma3", Norms: 4, QkNorm: QkNorm.OneHead, Tied: true),
        new("glm4", Norms: 4, QkvBias: true),
        new("olmo", Norm.Bare, IsRms: false),
        new("olmo2", QkNorm: QkNorm.AllHeads),
        new("cohere", Norm.Scale, Norms: 1, IsRms: false, Tied: true),
        new("stablelm", Norm.ScaleAndShift, IsRms: false),
        new("stablelm2", Norm.ScaleAndShift, Norms: 1, IsRms: false, QkNorm: QkNorm.AllHeads),
        new("gpt_oss", QkvBias: true, OutputBias: true, MlpBias: true, RouterBias: true, Sinks: true),
        new("phimoe", Norm.ScaleAndShift, IsRms: false, QkvBias: true, OutputBias: true, HeadBias: true),
        Gpt,
        Gpt with { Name = "opt", Positions = 2050 },
        // Of OPT-350M: each norm behind its half of the block, and so none behind the last.
        Gpt with { Name = "opt_post", Positions = 2050, FinalNorm = false },
        Gpt with { Name = "gpt_neo", QkvBias = false, Positions = 2048 },
        Gpt with { Name = "gpt_neox", Positions = 0, Tied = false },
        Gpt with { Name = "gptj", Norms = 1, QkvBias = false, OutputBias = false, HeadBias = true, Positions = 0, Tied = false },
        Gpt with { Name = "phi", Norms = 1, HeadBias = true, Positions = 0, Tied = false },
        Gpt with { Name = "bloom", Positions = 0, EmbeddingNorm = true },
        Gpt with { Name = "starcoder2", Positions = 0 },
        Gpt with { Name = "falcon_rw", Positions = 0 },
        Gpt with { Name = "falcon", Norms = 1, QkvBias = false, OutputBias = false, MlpBias = false, Positions = 0 },
        Gpt with { Name = "falcon_new", QkvBias = false, OutputBias = false, MlpBias = false, Positions = 0 },
        Gpt with { Name = "mpt", Norm = Norm.Scale, QkvBias = false, OutputBias = false, MlpBias = false, Positions = 0 },
        Gpt with { Name = "bert", Positions = 512, EmbeddingNorm = true, FinalNorm = false, TokenTypes = 2, Pooler = true },
        Gpt with { Name = "roberta", Positions = 514, EmbeddingNorm = true, FinalNorm = false, TokenTypes = 1, Pooler = true },
        Gpt with { Name = "distilbert", Positions = 512, EmbeddingNorm = true, FinalNorm = false },
        new("t5", Gated: false, EncoderDecoder: true, Tied: true),
        new("t5_gated", EncoderDecoder: true),
    }.ToFrozenDictionary(traits => traits.Name);

    /// <summary>Names of all families, the two of CONTRACTS 3 first.</summary>
    public static IEnumerable<string> Names => All.Keys.OrderBy(name => name is not ("llama" or "gpt2")).ThenBy(name => name, StringComparer.Ordinal);

    /// <summary>The traits of a family; llama's when the family is unknown, as most models since 2023 have them.</summary>
    public static BlockTraits Of(string? block) => All.GetValueOrDefault(block ?? "llama") ?? All["llama"];
}
