using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Plays one transformer block on a tape as Hugging Face's modelling code runs it: names are dropped where Python drops them.</summary>
internal static partial class BlockPlayer
{
    /// <summary>The block's output; the caller keeps its names for x and for what is read.</summary>
    /// <param name="read">What an encoder made, attended to behind the block's own attention; null = nothing.</param>
    public static Tensor Forward(Tape tape, Block block, Tensor x, Tensor? read = null)
    {
        if (block.Norms == 1)
        {
            return SideBySide(tape, block, x);
        }
        var attended = Leaving(tape, block, Attention(tape, block, Norm(tape, block, x)));
        tape.Place = Place.Residual;
        var middle = tape.Sum(x, attended);
        tape.Drop(attended);
        if (read is { } memory)
        {
            middle = Reading(tape, block, middle, memory);
        }
        var fed = Leaving(tape, block, Mlp(tape, block, Norm(tape, block, middle)));
        tape.Place = Place.Residual;
        var result = tape.Sum(middle, fed);
        tape.Drop(fed);
        tape.Drop(middle);
        return result;
    }

    private static Tensor Reading(Tape tape, Block block, Tensor x, Tensor memory)
    {
        var found = CrossAttention(tape, block, Norm(tape, block, x), memory);
        tape.Place = Place.Residual;
        var both = tape.Sum(x, found);
        tape.Drop(found);
        tape.Drop(x);
        return both;
    }

    /// <summary>Attention and MLP read the same normalised input (GPT-J, Falcon-7B, Phi, Cohere).</summary>
    private static Tensor SideBySide(Tape tape, Block block, Tensor x)
    {
        var normed = Norm(tape, block, x);
        tape.Hold(normed.Storage);
        var attended = Attention(tape, block, normed);
        var fed = Mlp(tape, block, normed);
        tape.Place = Place.Residual;
        var both = tape.Sum(attended, fed);
        tape.Drop(attended);
        tape.Drop(fed);
        var result = tape.Sum(both, x);
        tape.Drop(both);
        return result;
    }

    public static Tensor Norm(Tape tape, Block block, Tensor x) => Norm(tape, block, x, block.Tokens, block.NormScales);

    private static Tensor Norm(Tape tape, Block block, Tensor x, long rows, int scales)
    {
        var outer = tape.Place;
        tape.Place = Place.Norm;
        var normed = block.Rms
            ? tape.RmsNorm(x, rows, block.WeightWidth, block.Trained)
            : tape.LayerNorm(x, rows, block.WeightWidth * scales, block.Trained);
        tape.Place = outer;
        return normed;
    }

    /// <summary>What leaves attention or MLP, normalised where the family does so (Gemma 2, transformers: post_attention_layernorm).</summary>
    private static Tensor Leaving(Tape tape, Block block, Tensor x) => block.Norms < 4 ? x : Normed(tape, block, x, block.Tokens, block.NormScales);

    private static Tensor Normed(Tape tape, Block block, Tensor x, long rows, int scales)
    {
        var normed = Norm(tape, block, x, rows, scales);
        tape.Drop(x);
        return normed;
    }

    public static Tensor DropOut(Tape tape, Block block, Tensor x)
    {
        if (!block.Dropout)
        {
            return x;
        }
        var dropped = tape.Dropout(x);
        tape.Drop(x);
        return dropped;
    }

    private static Tensor Linear(Tape tape, Block block, Tensor x, Weight weight, Targets target) =>
        (block.Targets & target) != 0 && block.Rescales ? Rescaled(tape, block, x, weight, (target & Targets.Mlp) != 0)
        : (block.Targets & target) != 0
            ? tape.LinearWithLora(x, weight, block.Tokens, block.Rank, block.LoraWidth, block.LoraDropout, block.Magnitudes)
            : tape.Linear(x, weight, block.Tokens);

    /// <summary>A frozen linear whose output, or whose input in fp32, is multiplied by a trained vector and kept for its gradient (peft/tuners/ia3/layer.py).</summary>
    private static Tensor Rescaled(Tape tape, Block block, Tensor x, Weight weight, bool input)
    {
        if (!input)
        {
            var made = tape.Linear(x, weight, block.Tokens);
            var larger = tape.ScaleByWeight(made, 0, trained: true);
            tape.Drop(made);
            return larger;
        }
        var wide = tape.Cast(x, 4);
        var scaled = tape.ScaleByWeight(wide, 0, trained: true);
        tape.Drop(wide);
        var given = tape.Cast(scaled, x.Width);
        tape.Drop(scaled);
        var result = tape.Linear(given, weight, block.Tokens);
        tape.Drop(given);
        return result;
    }

    private static void Drop(Tape tape, params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            tape.Drop(tensor);
        }
    }
}
