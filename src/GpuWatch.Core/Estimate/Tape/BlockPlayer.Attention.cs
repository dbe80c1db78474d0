using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Attention: separate, fused or latent projections; flash, or eager with its scores.</summary>
internal static partial class BlockPlayer
{
    private static Tensor Attention(Tape tape, Block block, Tensor x)
    {
        tape.Place = Place.Attention;
        return block.Latent is { } latent ? LatentAttention(tape, block, latent, x)
            : block.FusedQkv ? FusedAttention(tape, block, x)
            : SeparateAttention(tape, block, x);
    }

    /// <summary>Queries or keys, normalised a head at a time (Qwen3, Gemma 3) or all together (OLMo 2).</summary>
    private static Tensor QkNormed(Tape tape, Block block, Tensor x, long heads) => block.QkNorm switch
    {
        QkNorm.OneHead => Normed(tape, block, x, block.Tokens * heads, 1),
        QkNorm.AllHeads => Normed(tape, block, x, block.Tokens, 1),
        _ => x,
    };

    /// <summary>q, k, v and output projections of their own, rotary positions, keys and values repeated to all heads for eager attention.</summary>
    private static Tensor SeparateAttention(Tape tape, Block block, Tensor x)
    {
        var q = Linear(tape, block, x, block.Weight(block.Hidden, block.Queries, block.QkvBias), Targets.Query);
        q = Heads(tape, QkNormed(tape, block, q, block.Heads), block.Rotary || block.Eager);
        var k = Linear(tape, block, x, block.Weight(block.Hidden, block.Keys, block.QkvBias), Targets.Key);
        k = Heads(tape, QkNormed(tape, block, k, block.KvHeads), block.Rotary || block.Eager);
        var v = Heads(tape, Linear(tape, block, x, block.Weight(block.Hidden, block.Keys, block.QkvBias), Targets.Value), block.Eager);
        (q, k) = Turned(tape, block, q, k);
        Cache(tape, block, k, v);
        var repeated = (block.Eager || block.RepeatsKeys) && block.KvHeads != block.Heads;
        if (repeated)
        {
            k = Repeat(tape, block, k);
            v = Repeat(tape, block, v);
        }
        return Attended(tape, block, q, k, v, x, repeated);
    }

    /// <summary>
    /// Queries of the block, keys and values of what the encoder made, each by a projection of its own (transformers, modeling_t5.py, T5LayerCrossAttention). A linear
    /// keeps its input once however many blocks read it.
    /// </summary>
    private static Tensor CrossAttention(Tape tape, Block block, Tensor x, Tensor memory)
    {
        tape.Place = Place.Attention;
        var q = Heads(tape, Linear(tape, block, x, block.Weight(block.Hidden, block.Queries, block.QkvBias), Targets.Query), block.Eager);
        var k = Heads(tape, Linear(tape, block, memory, block.Weight(block.Hidden, block.Keys, block.QkvBias), Targets.Key), block.Eager);
        var v = Heads(tape, Linear(tape, block, memory, block.Weight(block.Hidden, block.Keys, block.QkvBias), Targets.Value), block.Eager);
        Cache(tape, block, k, v);
        return Attended(tape, block, q, k, v, x, repeated: false);
    }

    /// <summary>Queries and keys at their rotary positions, where the family has them.</summary>
    private static (Tensor Q, Tensor K) Turned(Tape tape, Block block, Tensor q, Tensor k)
    {
        if (!block.Rotary)
        {
            return (q, k);
        }
        var turned = (tape.Rotate(q), tape.Rotate(k));
        Drop(tape, q, k);
        return turned;
    }

    private static void Cache(Tape tape, Block block, Tensor k, Tensor v)
    {
        if (block.Caches)
        {
            tape.Cache(k);
            tape.Cache(v);
        }
    }

    /// <summary>What the queries find, and its projection.</summary>
    private static Tensor Attended(Tape tape, Block block, Tensor q, Tensor k, Tensor v, Tensor x, bool repeated)
    {
        var (mixed, side) = block.Eager
            ? Eager(tape, block, q, k, v, repeated)
            : (tape.Flash(q, k, v, block.Tokens * block.Values, block.Tokens * block.Heads), default(Tensor?));
        var result = Linear(tape, block, side ?? mixed, block.Weight(block.Values, block.Hidden, block.OutputBiased), Targets.Output);
        result = DropOut(tape, block, result);
        if (side is { } sideBySide)
        {
            tape.Drop(sideBySide);
        }
        Drop(tape, mixed, q, k, v, x);
        return result;
    }

    /// <summary>
    /// DeepSeek-V2 and V3 as transformers run them (DeepseekV3Attention): down, norm, up; the rotary part of queries and the one key all heads share
    /// are turned and put beside the rest.
    /// </summary>
    private static Tensor LatentAttention(Tape tape, Block block, LatentAttention latent, Tensor x)
    {
        var q = LatentQueries(tape, block, latent, x);
        var (plain, turning, none) = tape.Split(q, block.Tokens * block.Heads * latent.NopeDim, block.Tokens * block.Heads * latent.RopeDim, 0);
        var turned = tape.Rotate(turning);
        q = tape.Join(plain, turned, block.Tokens * block.Queries);
        Drop(tape, plain, turning, none, turned);
        var joint = Linear(tape, block, x, block.Weight(block.Hidden, latent.KvRank + latent.RopeDim, false), Targets.None);
        var (low, key, nothing) = tape.Split(joint, block.Tokens * latent.KvRank, block.Tokens * latent.RopeDim, 0);
        var turnedKey = tape.Rotate(key);
        var normed = Norm(tape, block, low, block.Tokens, 1);
        Drop(tape, low, key, nothing);
        var both = Linear(tape, block, normed, block.Weight(latent.KvRank, block.Heads * (latent.NopeDim + latent.ValueDim), false), Targets.Key | Targets.Value);
        tape.Drop(normed);
        var (keys, v, no) = tape.Split(both, block.Tokens * block.Heads * latent.NopeDim, block.Tokens * block.Values, 0);
        var k = tape.Join(keys, turnedKey, block.Tokens * block.Queries);
        Drop(tape, keys, turnedKey, no);
        Cache(tape, block, k, v);
        return Attended(tape, block, q, k, v, x, repeated: false);
    }

    private static Tensor LatentQueries(Tape tape, Block block, LatentAttention latent, Tensor x)
    {
        if (latent.QueryRank is not { } rank)
        {
            return Linear(tape, block, x, block.Weight(block.Hidden, block.Queries, false), Targets.Query);
        }
        var low = Normed(tape, block, Linear(tape, block, x, block.Weight(block.Hidden, rank, false), Targets.None), block.Tokens, 1);
        var q = Linear(tape, block, low, block.Weight(rank, block.Queries, false), Targets.Query);
        tape.Drop(low);
        return q;
    }

    /// <summary>One matrix for q, k and v, no rotary positions, dropout on the probabilities and on the output.</summary>
    private static Tensor FusedAttention(Tape tape, Block block, Tensor x)
    {
        var all = Linear(
            tape, block, x, block.Weight(block.Hidden, block.Queries + 2 * block.Keys, block.QkvBias), Targets.Query | Targets.Key | Targets.Value);
        var (q, k, v) = tape.Split(all, block.Tokens * block.Queries, block.Tokens * block.Keys, block.Tokens * block.Keys);
        (q, k) = Turned(tape, block, q, k);
        Cache(tape, block, k, v);
        Tensor mixed;
        if (block.Eager)
        {
            (q, v) = (tape.View(q, q.Elements), tape.View(v, v.Elements));
            tape.Drop(q);
            tape.Drop(v);
            var (product, side) = Eager(tape, block, q, k, v, false);
            tape.Drop(product);
            mixed = side;
        }
        else
        {
            mixed = tape.Flash(q, k, v, block.Tokens * block.Queries, block.Tokens * block.Heads);
        }
        var result = Linear(tape, block, mixed, block.Weight(block.Queries, block.Hidden, block.OutputBiased), Targets.Output);
        result = DropOut(tape, block, result);
        Drop(tape, mixed, q, k, v, x);
        return result;
    }

    /// <summary>Scores, mask, fp32 softmax cast back, dropout, product with v; the result twice: as made, and with its heads side by side.</summary>
    private static (Tensor Product, Tensor SideBySide) Eager(
        Tape tape, Block block, Tensor q, Tensor k, Tensor v, bool repeated)
    {
        var copies = block.Batch > 1;
        var (ownQ, ownK) = (Own(tape, q, copies), Own(tape, k, copies && !repeated));
        var scores = tape.Multiply(ownQ, ownK, block.Scores);
        tape.Drop(ownQ);
        tape.Drop(ownK);
        var masked = scores;
        if (!block.RelativeBias)
        {
            scores = tape.Then(scores);
            masked = tape.Shift(scores, scores.Elements);
            tape.Drop(scores);
        }
        var wide = tape.Cast(masked, 4);
        var probabilities = tape.Map(wide, wide.Elements, 4, savesResult: true);
        tape.Drop(wide);
        var weights = tape.Cast(probabilities, masked.Width);
        tape.Drop(probabilities);
        tape.Drop(masked);
        weights = DropOut(tape, block, weights);
        var ownV = Own(tape, v, copies && !repeated);
        var product = tape.Multiply(weights, ownV, block.Tokens * block.Values);
        tape.Drop(ownV);
        tape.Drop(weights);
        var sideBySide = copies ? tape.Map(product, product.Elements, product.Width) : tape.Shift(product, product.Elements);
        return (product, sideBySide);
    }

    /// <summary>A batched product needs its factors contiguous; with one sequence they are.</summary>
    private static Tensor Own(Tape tape, Tensor x, bool copy)
    {
        if (copy)
        {
            return tape.Shift(x, x.Elements);
        }
        tape.Hold(x.Storage);
        return x;
    }

    /// <summary>A view by heads, whose gradient is copied to lie by tokens again.</summary>
    private static Tensor Heads(Tape tape, Tensor x, bool copiesGradient)
    {
        if (!copiesGradient)
        {
            return x;
        }
        var view = tape.View(x, x.Elements);
        tape.Drop(x);
        return view;
    }

    private static Tensor Repeat(Tape tape, Block block, Tensor x)
    {
        var repeated = tape.Map(x, block.Tokens * block.Queries, x.Width);
        tape.Drop(x);
        return repeated;
    }
}
