namespace GpuWatch.Core.Estimate.Tape;

/// <summary>A stack of blocks that are alike, from its embedding to the norm behind it: the whole model, or its encoder, or its decoder.</summary>
internal static partial class StepPlayer
{
    /// <param name="Layers">Blocks it is played as.</param>
    /// <param name="Tables">Rotary tables.</param>
    /// <param name="Mask">Held until backward by checkpointing only.</param>
    /// <param name="Embedded">Output of the embedding.</param>
    /// <param name="Output">Behind the last norm.</param>
    /// <param name="Mark">Nodes there were before it.</param>
    /// <param name="BlocksMark">Nodes there were after its blocks.</param>
    /// <param name="Casts">Of the block that stands for many: its first cast, the one after its last, and the blocks it stands for beside itself.</param>
    private readonly record struct Stack(
        Block Block, int Layers, Tensor? Tables, Tensor? Mask, Tensor Embedded, Tensor Output, int Mark, int BlocksMark, (int First, int End, int More) Casts);

    /// <param name="read">What an encoder made; null = nothing is read.</param>
    private static Stack Through(Tape tape, Step step, Block block, int layers, Tensor? read)
    {
        var mark = tape.Mark;
        tape.Place = Place.Embedding;
        var embedded = Embedding(tape, step);
        if (step.InputNeedsGradient)
        {
            embedded = tape.AsLeaf(embedded);
        }
        tape.Place = Place.Tables;
        Tensor? tables = block.Rotary ? tape.Given(2L * block.Length * block.HeadDim, block.Width) : null;
        Tensor? mask = block.Eager ? tape.Given(Masked(block), block.Width) : null;
        var x = Through(tape, block, embedded, read);
        var (firstCast, endOfCasts, more) = (0, 0, 0);
        foreach (var times in tape.Repetitions(layers - 1))
        {
            (firstCast, tape.Alike) = (tape.CastMark, times);
            var start = tape.BeginSpan();
            x = Through(tape, block, x, read);
            tape.EndSpan(start, times);
            (endOfCasts, more) = (tape.CastMark, block.Checkpointed || !step.Backward ? times - 1 : 0);
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
        if (step.EncoderLayers > 0)
        {
            normed = BlockPlayer.DropOut(tape, block, normed);
        }
        return new(block, layers, tables, mask, embedded, normed, mark, blocksMark, (firstCast, endOfCasts, more));
    }

    /// <summary>
    /// Numbers of the mask. T5's is its relative bias with the mask added, as large as the scores, made by a stack's first block and passed on to all; the decoder has one
    /// more for what it reads (transformers, modeling_t5.py, T5Attention).
    /// </summary>
    private static long Masked(Block block) =>
        !block.RelativeBias ? (long)block.Batch * block.Length * block.Length : block.CrossAttends ? 2 * block.Scores : block.Scores;

    /// <summary>Through one block. With checkpointing it runs without a record and its input is kept; else the input's name goes.</summary>
    private static Tensor Through(Tape tape, Block block, Tensor x, Tensor? read)
    {
        var recording = tape.Recording;
        tape.Enter(x);
        tape.Recording = recording && !block.Checkpointed;
        var result = BlockPlayer.Forward(tape, block, x, read);
        tape.Recording = recording;
        if (!block.Checkpointed)
        {
            tape.Drop(x);
        }
        return result;
    }

    private static void Uncast(Tape tape, Stack? stack)
    {
        if (stack is { } through)
        {
            tape.CountCasts(through.Casts.First, through.Casts.End, through.Casts.More);
        }
    }

    private static Stack WithoutMask(Tape tape, Stack stack)
    {
        if (stack.Block.Checkpointed || stack.Block.RelativeBias || stack.Mask is not { } used)
        {
            return stack;
        }
        tape.Drop(used);
        return stack with { Mask = null };
    }

    private static void Back(Tape tape, Stack stack, Tensor? read)
    {
        var block = stack.Block;
        // What flows into the bias of all blocks together.
        var bias = block is { RelativeBias: true, Eager: true, Trained: true } ? tape.Allocate(block.Scores * block.Width, Part.Temporaries, Place.Tables) : -1;
        var gradient = block.Checkpointed ? tape.LeafGradient : -1;
        foreach (var times in tape.Repetitions(stack.Layers - 1))
        {
            // Counted several times, a block must leave what it found.
            var held = block.HoldsInputs && times > 1 ? gradient : -1;
            tape.Hold(held);
            var start = tape.BeginSpan();
            gradient = Back(tape, block, gradient, times, read);
            tape.EndSpan(start, times);
            tape.Release(held);
        }
        gradient = Back(tape, block, gradient, 1, read);
        Drop(tape, stack.Tables);
        Drop(tape, stack.Mask);
        tape.Release(bias);
        if (gradient >= 0)
        {
            tape.Seed(stack.Embedded.Edge, gradient);
        }
        tape.Backward(stack.Mark);
    }

    /// <summary>
    /// Back through one block. A checkpointed one runs again first (torch.utils.checkpoint, reentrant): its output and the gradient it was
    /// given are held until it has flowed back, casts of its weights only until it has run.
    /// </summary>
    private static int Back(Tape tape, Block block, int gradient, int times, Tensor? read)
    {
        var (input, mark) = tape.Leave();
        if (!block.Checkpointed)
        {
            tape.Backward(mark);
            KeepUnplayed(tape, block, block.Unplayed);
            return -1;
        }
        var (start, casts) = (tape.Mark, tape.CastMark);
        var output = BlockPlayer.Forward(tape, block, tape.AsLeaf(input with { Edge = Edge.None }), read);
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
}
