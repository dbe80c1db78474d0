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
    bool FinalNorm = true)
{
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

/// <summary>Plays forward and backward of one step.</summary>
internal static class StepPlayer
{
    /// <summary>What forward and backward added to the peak, and what a forward pass leaves behind.</summary>
    internal readonly record struct Played(Ledger Forward, Ledger Backward, long Saved);

    /// <param name="layers">Blocks the step has; with an allocator each is played, else the ones after the first are played once and counted.</param>
    public static Played Play(Tape tape, Step step, int layers)
    {
        var block = step.Block;
        (tape.Autocast, tape.Slices) = (block.AutocastOn, block.Slices);
        (tape.Part, tape.Place) = (Part.Activations, Place.Inputs);
        var inputs = tape.Given(block.Tokens * 2, 8);
        tape.BeginPhase();
        var before = tape.Total;
        tape.Recording = step.Backward;
        var activations = tape.Live[Part.Activations];
        var kept = Forward(tape, step, layers);
        var waiting = tape.Allocate(step.AlsoSaved + (step.InFlight - 1) * (step.AlsoSaved + tape.Live[Part.Activations] - activations), Part.Activations, Place.Kept);
        var forward = tape.EndPhase();
        var saved = tape.Total - before;
        tape.BeginPhase();
        if (step.Backward)
        {
            Backward(tape, step, kept, layers);
        }
        else
        {
            Leave(tape, kept);
        }
        var backward = tape.EndPhase();
        tape.Release(waiting);
        tape.Drop(inputs);
        return new(forward, backward, saved);
    }

    /// <param name="Tables">Rotary tables.</param>
    /// <param name="Mask">Held until backward by checkpointing only.</param>
    /// <param name="Embedded">Output of the embedding.</param>
    private readonly record struct Kept(Tensor? Tables, Tensor? Mask, Tensor Embedded, int BlocksMark, int Logits);

    private static Kept Forward(Tape tape, Step step, int layers)
    {
        var block = step.Block;
        tape.Place = Place.Embedding;
        var embedded = Embedding(tape, step);
        if (step.InputNeedsGradient)
        {
            embedded = tape.AsLeaf(embedded);
        }
        tape.Place = Place.Tables;
        Tensor? tables = block.Rotary ? tape.Given(2L * block.Length * block.HeadDim, block.Width) : null;
        Tensor? mask = block.Eager ? tape.Given((long)block.Batch * block.Length * block.Length, block.Width) : null;
        var x = Through(tape, block, embedded);
        var (firstCast, endOfCasts, alike) = (0, 0, 0);
        foreach (var times in tape.Repetitions(layers - 1))
        {
            (firstCast, tape.Alike) = (tape.CastMark, times);
            var start = tape.BeginSpan();
            x = Through(tape, block, x);
            tape.EndSpan(start, times);
            (endOfCasts, alike) = (tape.CastMark, block.Checkpointed || !step.Backward ? times - 1 : 0);
        }
        tape.Alike = 1;
        var blocksMark = tape.Mark;
        if (block.Checkpointed)
        {
            x = tape.AsLeaf(x);
        }
        var normed = x;
        if (step.FinalNorm)
        {
            normed = BlockPlayer.Norm(tape, block, x);
            tape.Drop(x);
        }
        normed = Projected(tape, step, normed, block.Hidden, step.Embedded);
        var logits = Head(tape, step, normed);
        tape.Drop(normed);
        tape.DropCasts(firstCast, endOfCasts, alike);
        if (!block.Checkpointed && mask is { } used)
        {
            tape.Drop(used);
            mask = null;
        }
        return new(tables, mask, embedded, blocksMark, logits);
    }

    /// <summary>Through one block. With checkpointing it runs without a record and its input is kept; else the input's name goes.</summary>
    private static Tensor Through(Tape tape, Block block, Tensor x)
    {
        var recording = tape.Recording;
        tape.Enter(x);
        tape.Recording = recording && !block.Checkpointed;
        var result = BlockPlayer.Forward(tape, block, x);
        tape.Recording = recording;
        if (!block.Checkpointed)
        {
            tape.Drop(x);
        }
        return result;
    }

    private static Tensor Embedding(Tape tape, Step step)
    {
        var block = step.Block;
        var width = block.WeightWidth;
        var trained = block.Trained && step.HeadTrained;
        var row = trained ? block.Hidden * width : 0;
        var x = tape.Lookup(block.Tokens * step.Embedded, width, trained ? step.Vocab * step.Embedded * width : 0, step.PositionRows * row);
        x = Projected(tape, step, x, step.Embedded, block.Hidden);
        if (step.PositionRows == 0)
        {
            return x;
        }
        var placed = tape.Shift(x, x.Elements);
        tape.Drop(x);
        if (!block.Dropout)
        {
            return placed;
        }
        var dropped = tape.Dropout(placed);
        tape.Drop(placed);
        return dropped;
    }

    /// <summary>Between the embedding's width and the blocks'; the input's name goes where there is something to do.</summary>
    private static Tensor Projected(Tape tape, Step step, Tensor x, long from, long to)
    {
        if (from == to)
        {
            return x;
        }
        var projected = tape.Linear(x, new Weight(from, to, 0, step.Block.WeightWidth, step.HeadTrained), step.Block.Tokens);
        tape.Drop(x);
        return projected;
    }

    private static int Head(Tape tape, Step step, Tensor x)
    {
        var kept = -1;
        var block = step.Block;
        var head = new Weight(step.Embedded, step.Classes, 0, block.WeightWidth, step.HeadTrained);
        (tape.Part, tape.Place) = (Part.Logits, Place.Head);
        if (step.Loss == Loss.None)
        {
            tape.Drop(tape.Linear(x, head, block.Batch));
        }
        else if (step.Loss == Loss.Fused)
        {
            tape.LinearCrossEntropy(x, head, block.Tokens);
        }
        else
        {
            kept = Logits(tape, step, x, head);
        }
        tape.Part = Part.Activations;
        return kept;
    }

    /// <returns>The storage of logits that stay until backward has left the loss; -1 = none.</returns>
    private static int Logits(Tape tape, Step step, Tensor x, Weight head)
    {
        var block = step.Block;
        var logits = tape.Linear(x, head, block.Tokens);
        if (step.Loss == Loss.Chunked)
        {
            // What eight chunks hold in fp32 at a time, twice; the gradient replaces the logits chunk by chunk.
            tape.Touch(logits.Elements, Part.Logits, Place.Head);
            return ChunkedLoss(tape, logits);
        }
        var wide = tape.Cast(logits, 4);
        var kept = -1;
        if (step.Loss == Loss.Kept)
        {
            kept = logits.Storage;
        }
        else
        {
            tape.Drop(logits);
        }
        if (step.Loss == Loss.Whole)
        {
            tape.CrossEntropy(wide, 0);
            tape.Drop(wide);
            return kept;
        }
        var shifted = (block.Tokens - block.Tokens / block.Length) * step.Classes;
        // logits[..., :-1, :] is a slice of the rows, and of that one of all columns: each flows back into a tensor of the size it was cut from.
        var rows = tape.View(wide, shifted);
        var cut = tape.View(rows, shifted);
        var own = block.Batch > 1 ? tape.Shift(cut, shifted) : cut;
        if (block.Batch > 1)
        {
            tape.Drop(cut);
        }
        tape.CrossEntropy(own, block.Batch > 1 ? block.Tokens - block.Tokens / block.Length : 0);
        tape.Drop(own);
        tape.Drop(rows);
        tape.Drop(wide);
        return kept;
    }

    private static int ChunkedLoss(Tape tape, Tensor logits)
    {
        tape.Drop(tape.Then(tape.Map(logits, logits.Elements / 8, 4)));
        tape.Drop(logits);
        return -1;
    }

    private static void Backward(Tape tape, Step step, Kept kept, int layers)
    {
        var block = step.Block;
        tape.KeepGradient(step.Turning * block.WeightWidth);
        tape.BackwardFromLoss(kept.BlocksMark);
        tape.Release(kept.Logits);
        var gradient = block.Checkpointed ? tape.LeafGradient : -1;
        foreach (var times in tape.Repetitions(layers - 1))
        {
            // Counted several times, a block must leave what it found.
            var held = block.HoldsInputs && times > 1 ? gradient : -1;
            tape.Hold(held);
            var start = tape.BeginSpan();
            gradient = Back(tape, block, gradient, times);
            tape.EndSpan(start, times);
            tape.Release(held);
        }
        gradient = Back(tape, block, gradient, 1);
        Drop(tape, kept.Tables);
        Drop(tape, kept.Mask);
        if (gradient >= 0)
        {
            tape.Seed(kept.Embedded.Edge, gradient);
        }
        tape.Backward(0);
        tape.LetGo();
        if (step.Tied && step.HeadTrained && !tape.Accumulating)
        {
            tape.TieGradients();
        }
        KeepUnplayed(tape, block, step.Unplayed);
    }

    /// <summary>A forward pass without backward is over.</summary>
    private static void Leave(Tape tape, Kept kept)
    {
        tape.Release(kept.Logits);
        Drop(tape, kept.Tables);
        Drop(tape, kept.Mask);
        tape.LetGo();
    }

    /// <summary>
    /// Back through one block. A checkpointed one runs again first (torch.utils.checkpoint, reentrant): its output and the gradient it was
    /// given are held until it has flowed back, casts of its weights only until it has run.
    /// </summary>
    private static int Back(Tape tape, Block block, int gradient, int times)
    {
        var (input, mark) = tape.Leave();
        if (!block.Checkpointed)
        {
            tape.Backward(mark);
            KeepUnplayed(tape, block, block.Unplayed);
            return -1;
        }
        var (start, casts) = (tape.Mark, tape.CastMark);
        var output = BlockPlayer.Forward(tape, block, tape.AsLeaf(input with { Edge = Edge.None }));
        tape.DropCasts(casts);
        tape.Hold(gradient);
        tape.Seed(output.Edge, gradient);
        tape.Backward(start);
        KeepUnplayed(tape, block, block.Unplayed);
        tape.Drop(output);
        tape.Release(gradient);
        if (block.HoldsInputs)
        {
            tape.Move(tape.LeafGradient, Part.Activations);
            tape.KeepToTheEnd(input, tape.LeafGradient, times);
        }
        else
        {
            tape.Drop(input);
        }
        return tape.LeafGradient;
    }

    private static void KeepUnplayed(Tape tape, Block block, long parameters)
    {
        if (block.Trained)
        {
            tape.KeepGradient(parameters * block.WeightWidth);
        }
    }

    private static void Drop(Tape tape, Tensor? tensor)
    {
        if (tensor is { } held)
        {
            tape.Drop(held);
        }
    }
}
