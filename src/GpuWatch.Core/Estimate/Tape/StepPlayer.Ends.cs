using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Both ends of a step: the embedding, and head and loss.</summary>
internal static partial class StepPlayer
{
    private static Tensor Embedding(Tape tape, Step step)
    {
        var block = step.Block;
        var width = block.WeightWidth;
        var trained = block.Trained && step.HeadTrained;
        var row = trained ? block.Hidden * width : 0;
        var x = tape.Lookup(block.Tokens * step.Embedded, width, trained ? step.Vocab * step.Embedded * width : 0, step.PositionRows * row);
        if (Adapts(block, Targets.Embedding))
        {
            x = tape.WithLoraOfRows(x, step.Vocab, step.Embedded, block.Tokens, block.Rank, block.LoraWidth);
        }
        x = Projected(tape, step, x, step.Embedded, block.Hidden);
        if (step.PositionRows == 0)
        {
            return step.EncoderLayers > 0 ? BlockPlayer.DropOut(tape, block, x) : x;
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
        var logits = Adapts(block, Targets.Head)
            ? tape.LinearWithLora(x, head, block.Tokens, block.Rank, block.LoraWidth, block.LoraDropout)
            : tape.Linear(x, head, block.Tokens);
        if (step.Loss == Loss.Chunked)
        {
            // What eight chunks hold in fp32 at a time, twice; the gradient replaces the logits chunk by chunk.
            tape.Touch(logits.Elements, Part.Logits, Place.Head);
            return ChunkedLoss(tape, logits);
        }
        // T5's own loss takes the logits as they are (transformers, modeling_t5.py); autocast widens them.
        var asTheyAre = step.EncoderLayers > 0 && !block.AutocastOn;
        var wide = tape.Cast(logits, asTheyAre ? logits.Width : 4);
        var kept = -1;
        if (step.Loss == Loss.Kept)
        {
            kept = logits.Storage;
        }
        else
        {
            tape.Drop(logits);
        }
        if (step.Loss == Loss.Whole || step.EncoderLayers > 0)
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

    private static bool Adapts(Block block, Targets end) => block.Rank > 0 && (block.Targets & end) != 0;

    private static int ChunkedLoss(Tape tape, Tensor logits)
    {
        tape.Drop(tape.Then(tape.Map(logits, logits.Elements / 8, 4)));
        tape.Drop(logits);
        return -1;
    }
}
