using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Plays one transformer block on a tape as Hugging Face's modelling code runs it: names are dropped where Python drops them.</summary>
internal static class BlockPlayer
{
    /// <summary>The block's output; the caller keeps its name for x.</summary>
    public static Tensor Forward(Tape tape, Block block, Tensor x)
    {
        if (block.Norms == 1)
        {
            return SideBySide(tape, block, x);
        }
        var attended = Leaving(tape, block, Attention(tape, block, Norm(tape, block, x)));
        tape.Place = Place.Residual;
        var middle = tape.Sum(x, attended);
        tape.Drop(attended);
        var fed = Leaving(tape, block, Mlp(tape, block, Norm(tape, block, middle)));
        tape.Place = Place.Residual;
        var result = tape.Sum(middle, fed);
        tape.Drop(fed);
        tape.Drop(middle);
        return result;
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

    private static Tensor Attention(Tape tape, Block block, Tensor x)
    {
        tape.Place = Place.Attention;
        return block.Latent is { } latent ? LatentAttention(tape, block, latent, x)
            : block.FusedQkv ? FusedAttention(tape, block, x)
            : SeparateAttention(tape, block, x);
    }

    private static Tensor Mlp(Tape tape, Block block, Tensor x)
    {
        tape.Place = Place.Mlp;
        return block.Experts > 1 ? Mixture(tape, block, x) : block.Gated ? GatedMlp(tape, block, x) : PlainMlp(tape, block, x);
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
        if (block.Rotary)
        {
            var (turnedQ, turnedK) = (tape.Rotate(q), tape.Rotate(k));
            tape.Drop(q);
            tape.Drop(k);
            (q, k) = (turnedQ, turnedK);
        }
        Cache(tape, block, k, v);
        var repeated = (block.Eager || block.RepeatsKeys) && block.KvHeads != block.Heads;
        if (repeated)
        {
            k = Repeat(tape, block, k);
            v = Repeat(tape, block, v);
        }
        return Attended(tape, block, q, k, v, x, repeated);
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
        if (side is { } sideBySide)
        {
            tape.Drop(sideBySide);
        }
        tape.Drop(mixed);
        tape.Drop(q);
        tape.Drop(k);
        tape.Drop(v);
        tape.Drop(x);
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

    private static void Drop(Tape tape, params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            tape.Drop(tensor);
        }
    }

    /// <summary>One matrix for q, k and v, no rotary positions, dropout on the probabilities and on the output.</summary>
    private static Tensor FusedAttention(Tape tape, Block block, Tensor x)
    {
        var all = Linear(
            tape, block, x, block.Weight(block.Hidden, block.Queries + 2 * block.Keys, block.QkvBias), Targets.Query | Targets.Key | Targets.Value);
        var (q, k, v) = tape.Split(all, block.Tokens * block.Queries, block.Tokens * block.Keys, block.Tokens * block.Keys);
        if (block.Rotary)
        {
            var (turnedQ, turnedK) = (tape.Rotate(q), tape.Rotate(k));
            tape.Drop(q);
            tape.Drop(k);
            (q, k) = (turnedQ, turnedK);
        }
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
        tape.Drop(mixed);
        tape.Drop(q);
        tape.Drop(k);
        tape.Drop(v);
        tape.Drop(x);
        return result;
    }

    private static Tensor DropOut(Tape tape, Block block, Tensor x)
    {
        if (!block.Dropout)
        {
            return x;
        }
        var dropped = tape.Dropout(x);
        tape.Drop(x);
        return dropped;
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
        scores = tape.Then(scores);
        var masked = tape.Shift(scores, scores.Elements);
        tape.Drop(scores);
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

    /// <summary>
    /// Experts run one after the other, each on its tokens (transformers, MixtralSparseMoeBlock): what they keep for backward adds up, what lives only
    /// while one of them runs does not. All tokens through a part of the width are as many numbers as a part of the tokens through all of it.
    /// </summary>
    private static Tensor Mixture(Tape tape, Block block, Tensor x)
    {
        const int most = 8;
        var parts = Math.Min(block.Experts, most);
        var one = block with { Intermediate = Math.Max(1, block.Intermediate / parts) };
        Tensor? sum = null;
        for (var part = 0; part < parts; part++)
        {
            tape.Hold(x.Storage);
            var fed = block.Gated ? GatedMlp(tape, one, x) : PlainMlp(tape, one, x);
            var next = sum is { } before ? tape.Sum(before, fed) : fed;
            if (sum is { } added)
            {
                tape.Drop(added);
                tape.Drop(fed);
            }
            sum = next;
        }
        tape.Drop(x);
        return sum!.Value;
    }

    private static Tensor GatedMlp(Tape tape, Block block, Tensor x)
    {
        var gate = Linear(tape, block, x, block.MlpWeight(block.Hidden, block.Intermediate, false), Targets.Gate);
        var activated = tape.Then(gate, saves: true);
        var up = Linear(tape, block, x, block.MlpWeight(block.Hidden, block.Intermediate, false), Targets.Up);
        var product = tape.Product(activated, up);
        tape.Drop(activated);
        tape.Drop(up);
        var result = Linear(tape, block, product, block.MlpWeight(block.Intermediate, block.Hidden, false), Targets.Down);
        tape.Drop(product);
        tape.Drop(x);
        return result;
    }

    private static Tensor PlainMlp(Tape tape, Block block, Tensor x)
    {
        var wide = Linear(tape, block, x, block.MlpWeight(block.Hidden, block.Intermediate, block.Biased), Targets.Up);
        tape.Drop(x);
        var activated = block.ComposedGelu ? Gelu(tape, wide) : tape.Map(wide, wide.Elements, wide.Width, saves: true);
        tape.Drop(wide);
        var result = Linear(tape, block, activated, block.MlpWeight(block.Intermediate, block.Hidden, block.Biased), Targets.Down);
        result = DropOut(tape, block, result);
        tape.Drop(activated);
        return result;
    }

    /// <summary>gelu_new as transformers writes it: 0.5·x·(1 + tanh(c·(x + 0.044715·x³))), seven operations.</summary>
    private static Tensor Gelu(Tape tape, Tensor x)
    {
        var half = tape.Map(x, x.Elements, x.Width);
        var cube = tape.Power(x);
        var scaled = tape.Then(cube);
        var inner = tape.Sum(x, scaled);
        tape.Drop(scaled);
        var outer = tape.Then(inner);
        var tanh = tape.Then(outer, savesResult: true);
        var shifted = tape.Shift(tanh, tanh.Elements);
        tape.Drop(tanh);
        var result = tape.Product(half, shifted);
        tape.Drop(half);
        tape.Drop(shifted);
        return result;
    }

    private static Tensor Linear(Tape tape, Block block, Tensor x, Weight weight, Targets target) =>
        (block.Targets & target) != 0
            ? tape.LinearWithLora(x, weight, block.Tokens, block.Rank, block.LoraWidth, block.LoraDropout)
            : tape.Linear(x, weight, block.Tokens);
}
