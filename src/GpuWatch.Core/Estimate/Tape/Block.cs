using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Sizes and habits of the blocks of one step: what <see cref="BlockPlayer"/> needs to know of a job.</summary>
/// <param name="Batch">Sequences.</param>
/// <param name="Length">Tokens of one.</param>
/// <param name="Tokens">All tokens.</param>
/// <param name="WeightWidth">Bytes of a stored weight.</param>
/// <param name="Width">Bytes of an activation of the compute dtype.</param>
/// <param name="Trained">The base weights get gradients.</param>
/// <param name="Rank">LoRA rank; 0 = no adapters.</param>
/// <param name="Rotary">Queries and keys are rotated; false = learned or no positions.</param>
/// <param name="FusedQkv">One matrix makes q, k and v.</param>
/// <param name="Dropout">Dropout on probabilities and outputs (GPT-2, OPT, BERT).</param>
/// <param name="ComposedGelu">GELU is seven operations instead of one kernel (GPT-2's gelu_new).</param>
/// <param name="RepeatsKeys">Keys and values are repeated to all heads although attention is one kernel (sdpa).</param>
/// <param name="Intermediate">Width of the MLP; of a mixture, of all experts that a token passes through.</param>
/// <param name="Experts">MLPs of a mixture, which run one after the other, each on its part of the tokens; 1 = no mixture.</param>
/// <param name="ExpertCopies">Weights of all experts for each weight that a token passes through.</param>
/// <param name="HoldsInputs">The input of each checkpointed block and its gradient stay until all of backward has run (FSDP around frozen weights).</param>
internal sealed record Block(
    bool Gated,
    bool Rms,
    bool Rotary,
    bool FusedQkv,
    bool Dropout,
    bool ComposedGelu,
    bool Biased,
    bool RepeatsKeys,
    int Experts,
    double ExpertCopies,
    int Batch,
    int Length,
    long Tokens,
    long Hidden,
    long Heads,
    long KvHeads,
    long HeadDim,
    long Intermediate,
    bool QkvBias,
    int WeightWidth,
    int Width,
    bool Trained,
    bool Quantised,
    bool Eager,
    bool Checkpointed,
    bool AutocastOn,
    long Rank,
    Targets Targets,
    int LoraWidth,
    bool LoraDropout,
    bool HoldsInputs = false)
{
    /// <summary>Normalisations of the hidden width: 1 = attention and MLP run side by side on one, 4 = their outputs are normalised too.</summary>
    public int Norms { get; init; } = 2;

    /// <summary>Trained numbers of a normalisation for each of its width: 0 to 2.</summary>
    public int NormScales { get; init; } = 1;

    public QkNorm QkNorm { get; init; }

    /// <summary>Keys and values stay until the pass is over (generation's cache).</summary>
    public bool Caches { get; init; }

    /// <summary>It also attends to what an encoder made (T5's decoder), between its own attention and its MLP.</summary>
    public bool CrossAttends { get; init; }

    /// <summary>Positions are a bias added to the scores in place, learned and as large as they are (T5).</summary>
    public bool RelativeBias { get; init; }

    /// <summary>Parts that tensor parallelism cuts every matrix and the heads into.</summary>
    public int Slices { get; init; } = 1;

    /// <summary>The projection of attention's output has a bias.</summary>
    public bool OutputBiased { get; init; }

    /// <summary>Beside its adapter each adapted linear has a trained magnitude for each of its outputs (DoRA, arXiv 2402.09353).</summary>
    public bool Magnitudes { get; init; }

    /// <summary>What the targets of attention make and what the MLP's are given is multiplied by trained vectors ((IA)³, arXiv 2205.05638); there are no other adapters.</summary>
    public bool Rescales { get; init; }

    /// <summary>Queries, keys and values come out of bottlenecks; null = of ordinary projections.</summary>
    public LatentAttention? Latent { get; init; }

    /// <summary>Parameters of a block beside those of the operations that are played: routers.</summary>
    public long Unplayed { get; init; }

    public long Queries => Heads * HeadDim;
    public long Keys => KvHeads * HeadDim;
    public long Values => Latent is { } latent ? Heads * latent.ValueDim : Queries;
    public long Scores => Batch * Heads * Length * Length / Slices;

    public Weight Weight(long inputs, long outputs, bool bias) =>
        new(inputs, outputs, bias ? outputs : 0, WeightWidth, Trained, Quantised);

    public Weight MlpWeight(long inputs, long outputs, bool bias) => Weight(inputs, outputs, bias) with { Copies = ExpertCopies };
}
