using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>The MLP: gated, plain, or a mixture of experts.</summary>
internal static partial class BlockPlayer
{
    private static Tensor Mlp(Tape tape, Block block, Tensor x)
    {
        tape.Place = Place.Mlp;
        return block.Experts > 1 ? Mixture(tape, block, x) : block.Gated ? GatedMlp(tape, block, x) : PlainMlp(tape, block, x);
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
        var activated = block.ComposedGelu ? ComposedGelu(tape, gate) : tape.Then(gate, saves: true);
        var up = Linear(tape, block, x, block.MlpWeight(block.Hidden, block.Intermediate, false), Targets.Up);
        var product = DropOut(tape, block, tape.Product(activated, up));
        tape.Drop(activated);
        tape.Drop(up);
        var result = Linear(tape, block, product, block.MlpWeight(block.Intermediate, block.Hidden, false), Targets.Down);
        result = DropOut(tape, block, result);
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
        // T5DenseActDense drops out here too.
        activated = block.Rms ? DropOut(tape, block, activated) : activated;
        var result = Linear(tape, block, activated, block.MlpWeight(block.Intermediate, block.Hidden, block.Biased), Targets.Down);
        result = DropOut(tape, block, result);
        tape.Drop(activated);
        return result;
    }

    private static Tensor ComposedGelu(Tape tape, Tensor x)
    {
        var activated = Gelu(tape, x);
        tape.Drop(x);
        return activated;
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
}
