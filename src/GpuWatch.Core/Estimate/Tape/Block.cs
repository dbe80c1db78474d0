namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Sizes and habits of the blocks of one step: what <see cref="BlockPlayer"/> needs to know of a job.</summary>
/// <param name="Batch">Sequences.</param>
/// <param name="Length">Tokens of one.</param>
/// <param name="Tokens">All tokens.</param>
/// <param name="WeightWidth">Bytes of a stored weight.</param>
/// <param name="Width">Bytes of an activation of the compute dtype.</param>
/// <param name="Trained">The base weights get gradients.</param>
/// <param name="Rank">LoRA rank; 0 = no adapters.</param>
internal sealed record Block(
    bool Gated,
    bool Rms,
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
    int LoraWidth,
    bool LoraDropout)
{
    public long Queries => Heads * HeadDim;
    public long Keys => KvHeads * HeadDim;
    public long Scores => Batch * Heads * Length * Length;

    public Weight Weight(long inputs, long outputs, bool bias) =>
        new(inputs, outputs, bias ? outputs : 0, WeightWidth, Trained, Quantised);
}
