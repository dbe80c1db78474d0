namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Everything one step needs beside its blocks.</summary>
/// <param name="HeadTrained">The head gets a gradient.</param>
/// <param name="PositionRows">Rows of a learned position table; 0 = none.</param>
/// <param name="AlsoSaved">Bytes kept for backward beside what the blocks keep.</param>
/// <param name="Classes">Rows of the head: the vocabulary, or a classifier's few.</param>
/// <param name="Unplayed">Parameters outside the blocks beside those of the operations that are played: poolers, token types.</param>
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
    long Unplayed = 0);

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

    public static Played Play(Tape tape, Step step)
    {
        var block = step.Block;
        tape.Autocast = block.AutocastOn;
        tape.Part = Part.Activations;
        var inputs = tape.Given(block.Tokens * 2, 8);
        tape.BeginPhase();
        var before = tape.Total;
        tape.Recording = step.Backward;
        var activations = tape.Live[Part.Activations];
        var kept = Forward(tape, step);
        var waiting = step.AlsoSaved + (step.InFlight - 1) * (step.AlsoSaved + tape.Live[Part.Activations] - activations);
        tape.Count(Part.Activations, waiting);
        var forward = tape.EndPhase();
        var saved = tape.Total - before;
        tape.BeginPhase();
        if (step.Backward)
        {
            Backward(tape, step, kept);
        }
        var backward = tape.EndPhase();
        tape.Count(Part.Activations, -waiting);
        tape.Drop(inputs);
        return new(forward, backward, saved);
    }

    /// <param name="Tables">Rotary tables.</param>
    /// <param name="Mask">Held until backward by checkpointing only.</param>
    /// <param name="Embedded">Output of the embedding, and of the first block: what checkpointing keeps.</param>
    private readonly record struct Kept(
        Tensor? Tables, Tensor? Mask, Tensor Embedded, Tensor AfterFirst, int EmbeddingMark, int FirstMark, int BlocksMark, int Logits);

    private static Kept Forward(Tape tape, Step step)
    {
        var block = step.Block;
        var embedded = Embedding(tape, step);
        if (step.InputNeedsGradient)
        {
            embedded = tape.AsLeaf(embedded);
        }
        Tensor? tables = block.Rotary ? tape.Given(2L * block.Length * block.HeadDim, block.Width) : null;
        Tensor? mask = block.Eager ? tape.Given((long)block.Batch * block.Length * block.Length, block.Width) : null;
        var embeddingMark = tape.Mark;
        var first = Through(tape, block, embedded);
        var (x, firstMark, repeatedCasts) = (first, tape.Mark, 0L);
        if (step.Layers > 1)
        {
            var (start, casts) = (tape.BeginSpan(), tape.CastMark);
            x = Through(tape, block, first);
            tape.EndSpan(start, step.Layers - 1);
            repeatedCasts = block.Checkpointed ? tape.CastBytes(casts) * (step.Layers - 2) : 0;
        }
        var blocksMark = tape.Mark;
        if (block.Checkpointed)
        {
            x = tape.AsLeaf(x);
        }
        var normed = BlockPlayer.Norm(tape, block, x);
        tape.Drop(x);
        var logits = Head(tape, step, normed);
        tape.Drop(normed);
        tape.DropCasts(0);
        tape.Count(Part.Temporaries, -repeatedCasts);
        if (!block.Checkpointed && mask is { } used)
        {
            tape.Drop(used);
            mask = null;
        }
        return new(tables, mask, embedded, first, embeddingMark, firstMark, blocksMark, logits);
    }

    /// <summary>Through one block. With checkpointing it runs without a record and its input is kept; else the input's name goes.</summary>
    private static Tensor Through(Tape tape, Block block, Tensor x)
    {
        var recording = tape.Recording;
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
        var trained = block.Trained ? (step.Vocab + step.PositionRows) * block.Hidden * width : 0;
        var x = tape.Lookup(block.Tokens * block.Hidden, width, trained);
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

    private static int Head(Tape tape, Step step, Tensor x)
    {
        var kept = -1;
        var block = step.Block;
        var head = new Weight(block.Hidden, step.Classes, 0, block.WeightWidth, step.HeadTrained);
        tape.Part = Part.Logits;
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
            tape.Touch(logits.Elements, Part.Logits);
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
        var rows = tape.View(wide, wide.Elements);
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

    private static void Backward(Tape tape, Step step, Kept kept)
    {
        var block = step.Block;
        tape.BackwardFromLoss(kept.BlocksMark);
        tape.Release(kept.Logits);
        var gradient = block.Checkpointed ? tape.LeafGradient : -1;
        var held = -1;
        if (step.Layers > 1)
        {
            held = block.HoldsInputs ? gradient : -1;
            tape.Hold(held);
            var start = tape.BeginSpan();
            gradient = Back(tape, block, kept.AfterFirst, gradient, kept.FirstMark);
            tape.EndSpan(start, step.Layers - 1);
            tape.Release(held);
            held = block.HoldsInputs ? gradient : -1;
        }
        gradient = Back(tape, block, kept.Embedded, gradient, kept.EmbeddingMark);
        Drop(tape, kept.Tables);
        Drop(tape, kept.Mask);
        if (gradient >= 0)
        {
            tape.Seed(kept.Embedded.Edge, gradient);
        }
        tape.Backward(0);
        CountUnplayed(tape, block, step.Unplayed);
        if (block.HoldsInputs)
        {
            LetGo(tape, step, kept, held, gradient);
        }
        if (step.Tied && step.HeadTrained && !tape.Accumulating)
        {
            // Both uses of a tied matrix have a gradient of their own until they are added up.
            var table = step.Vocab * block.Hidden * block.WeightWidth;
            tape.Touch((long)(table * tape.GradientShare), Part.Gradients);
            tape.CountGradient(-table);
        }
    }

    /// <summary>
    /// Back through one block. A checkpointed one runs again first (torch.utils.checkpoint, reentrant): its output and the gradient it was
    /// given are held until it has flowed back, casts of its weights only until it has run.
    /// </summary>
    private static int Back(Tape tape, Block block, Tensor input, int gradient, int mark)
    {
        if (!block.Checkpointed)
        {
            tape.Backward(mark);
            CountUnplayed(tape, block, block.Unplayed);
            return -1;
        }
        var (start, casts) = (tape.Mark, tape.CastMark);
        var output = BlockPlayer.Forward(tape, block, tape.AsLeaf(input with { Edge = Edge.None }));
        tape.DropCasts(casts);
        tape.Hold(gradient);
        tape.Seed(output.Edge, gradient);
        tape.Backward(start);
        CountUnplayed(tape, block, block.Unplayed);
        tape.Drop(output);
        tape.Release(gradient);
        if (block.HoldsInputs)
        {
            tape.Hold(tape.LeafGradient);
        }
        else
        {
            tape.Drop(input);
        }
        return tape.LeafGradient;
    }

    /// <summary>
    /// FSDP's hooks that reshard a frozen unit hang on the inputs of its blocks (torch/distributed/fsdp/_runtime_utils.py,
    /// _register_post_backward_reshard_only_hook); inside a reentrant checkpoint those are leaves, which the hooks keep with their gradients until
    /// backward is over. Measured: twice the checkpoints of a single GPU, for LoRA and QLoRA alike (fms-acceleration, Llama-3-8B and Llama-2-70B).
    /// </summary>
    private static void LetGo(Tape tape, Step step, Kept kept, int inner, int first)
    {
        if (step.Layers > 1)
        {
            var start = tape.BeginSpan();
            tape.Drop(kept.AfterFirst);
            tape.Release(inner);
            tape.EndSpan(start, step.Layers - 1);
        }
        tape.Drop(kept.Embedded);
        tape.Release(first);
    }

    private static void CountUnplayed(Tape tape, Block block, long parameters)
    {
        if (block.Trained)
        {
            tape.CountGradient(parameters * block.WeightWidth);
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
