namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Everything one step needs beside its blocks.</summary>
/// <param name="HeadTrained">The head gets a gradient.</param>
/// <param name="PositionRows">Rows of a learned position table; 0 = none.</param>
/// <param name="AlsoSaved">Bytes kept for backward beside what the blocks keep.</param>
/// <param name="Classes">Rows of the head: the vocabulary, or a classifier's few.</param>
/// <param name="Unplayed">Parameters outside the blocks beside those of the operations that are played: poolers, token types.</param>
/// <param name="Turning">Parameters with a gradient in blocks that are played frozen, since others will take their turn.</param>
/// <param name="EmbeddingWidth">Width of embedding and head, which are projected to and from the blocks'; 0 = the blocks'.</param>
/// <param name="FinalNorm">There is a normalisation outside of the blocks.</param>
/// <param name="EncoderLayers">Of <paramref name="Layers"/> those of an encoder, whose output every other block reads; 0 = there is none.</param>
/// <param name="InFlight">Micro-batches that have run forward and wait for their backward, this one included.</param>
internal sealed record Step(
    Block Block,
    int Layers,
    long Vocab,
    long Classes,
    bool Tied,
    bool HeadTrained,
    int PositionRows,
    Loss Loss,
    bool Backward = true,
    bool InputNeedsGradient = false,
    long AlsoSaved = 0,
    int InFlight = 1,
    long Unplayed = 0,
    long Turning = 0,
    long EmbeddingWidth = 0,
    bool FinalNorm = true,
    int EncoderLayers = 0)
{
    /// <summary>Blocks of the decoder; of most models all there are.</summary>
    public int DecoderLayers => EncoderLayers == 0 ? Layers : Math.Max(1, Layers - EncoderLayers);

    /// <summary>A block of the decoder, which reads what the encoder made where there is one.</summary>
    public Block Decoder => EncoderLayers == 0 ? Block : Block with { CrossAttends = true };

    /// <summary>Width of a row of the embedding.</summary>
    public long Embedded => EmbeddingWidth > 0 ? EmbeddingWidth : Block.Hidden;

    /// <summary>The same with sequences of a share of the length.</summary>
    public Step Shorter(double share) => this with
    {
        Block = Block with { Length = Math.Max(1, (int)(Block.Length * share)), Tokens = Math.Max(1, (long)(Block.Tokens * share)) },
        AlsoSaved = (long)(AlsoSaved * share),
    };
}

/// <summary>How the loss is computed.</summary>
internal enum Loss
{
    /// <summary>Logits upcast whole, shifted and copied (transformers before 2025).</summary>
    Shifted,
    /// <summary>Logits upcast whole, labels shifted (transformers since 2025).</summary>
    Whole,
    /// <summary>As <see cref="Shifted"/>, and the model's output lives, logits and all, until backward has left the loss (transformers.Trainer).</summary>
    Kept,
    /// <summary>Head and loss together, in chunks (Liger).</summary>
    Fused,
    /// <summary>Whole logits, upcast and lost a chunk at a time (torchtune, torchtitan, LitGPT).</summary>
    Chunked,
    /// <summary>No loss: the logits of one forward pass.</summary>
    None,
}
