namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Plays forward and backward of one step.</summary>
internal static partial class StepPlayer
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
        var waiting = Waiting(tape, step, layers, tape.Live[Part.Activations] - activations);
        var forward = tape.EndPhase();
        var saved = tape.Total - before;
        tape.BeginPhase();
        if (step.Backward)
        {
            Backward(tape, step, kept);
        }
        else
        {
            Leave(tape, kept);
        }
        var backward = tape.EndPhase();
        for (var storage = waiting.First; storage < waiting.End; storage++)
        {
            tape.Release(storage);
        }
        tape.Drop(inputs);
        return new(forward, backward, saved);
    }

    /// <summary>
    /// What is kept beside what the blocks make, as one piece or, told to an allocator, as one of each block that is played: as a single piece it would need
    /// a hole that no training makes.
    /// </summary>
    private static (int First, int End) Waiting(Tape tape, Step step, int layers, long activations)
    {
        var pieces = tape.Requests is null ? 1 : layers;
        var beside = tape.Requests is null ? step.AlsoSaved : (long)(step.AlsoSaved * ((double)layers / step.Layers));
        var total = beside + (step.InFlight - 1) * (beside + activations);
        var first = tape.Storages;
        for (var piece = 0; piece < pieces; piece++)
        {
            tape.Allocate(total / pieces + (piece < total % pieces ? 1 : 0), Part.Activations, Place.Kept);
        }
        return (first, tape.Storages);
    }

    /// <param name="Encoder">Null where the model has one stack.</param>
    /// <param name="Logits">The storage of logits that stay until backward has left the loss; -1 = none.</param>
    private readonly record struct Kept(Stack? Encoder, Stack Decoder, int Logits);

    private static Kept Forward(Tape tape, Step step, int layers)
    {
        Stack? encoder = null;
        if (step.EncoderLayers > 0)
        {
            encoder = Through(tape, step, step.Block, Math.Max(1, layers * step.EncoderLayers / step.Layers), null);
            layers = Math.Max(1, layers - encoder.Value.Layers);
        }
        var decoder = Through(tape, step, step.Decoder, layers, encoder?.Output);
        var last = Projected(tape, step, decoder.Output, step.Block.Hidden, step.Embedded);
        var logits = Head(tape, step, last);
        tape.Drop(last);
        Uncast(tape, encoder);
        Uncast(tape, decoder);
        tape.DropCasts(0);
        return new(encoder is { } read ? WithoutMask(tape, read) : null, WithoutMask(tape, decoder), logits);
    }

    private static void Backward(Tape tape, Step step, Kept kept)
    {
        tape.KeepGradient(step.Turning * step.Block.WeightWidth);
        tape.BackwardFromLoss(kept.Decoder.BlocksMark);
        tape.Release(kept.Logits);
        if (!step.FinalNorm)
        {
            // With no norm behind the blocks (OPT-350M's family) the loss's own gradient flows into the last of them, and goes but once however often that block counts.
            tape.MoveFlowing(Part.Logits, Part.Temporaries);
        }
        var embedding = step.Tied ? 0 : -1;
        if (kept.Encoder is { } encoder)
        {
            // Every block of the decoder adds to the gradient of what it read; of blocks that are counted none may be the first.
            tape.Seed(encoder.Output.Edge, tape.Allocate(encoder.Output.Bytes, Part.Temporaries, Place.Attention));
            Back(tape, kept.Decoder, encoder.Output);
            embedding = Tie(tape, step, embedding);
            tape.Drop(encoder.Output);
            tape.Backward(encoder.BlocksMark);
            Back(tape, encoder, null);
        }
        else
        {
            Back(tape, kept.Decoder, null);
        }
        tape.LetGo();
        Tie(tape, step, embedding);
        KeepUnplayed(tape, step.Block, step.Unplayed);
    }

    /// <summary>The gradient that the embedding has just been given is added to that of another use of it, out of place.</summary>
    /// <param name="first">Which gradient that is; -1 = this is the first.</param>
    /// <returns>Where the embedding's gradient is now.</returns>
    private static int Tie(Tape tape, Step step, int first)
    {
        if (first >= 0 && step.HeadTrained && !tape.Accumulating)
        {
            tape.TieGradients(first);
        }
        return first >= 0 ? first : tape.LastGradient;
    }

    /// <summary>A forward pass without backward is over.</summary>
    private static void Leave(Tape tape, Kept kept)
    {
        tape.Release(kept.Logits);
        foreach (var stack in (ReadOnlySpan<Stack?>)[kept.Encoder, kept.Decoder])
        {
            Drop(tape, stack?.Tables);
            Drop(tape, stack?.Mask);
        }
        Drop(tape, kept.Encoder?.Output);
        tape.LetGo();
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
