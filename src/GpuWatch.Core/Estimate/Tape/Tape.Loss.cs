using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Head and loss. What each allocates, saves for backward and how its gradient flows is PyTorch's derivatives.yaml.</summary>
internal sealed partial class Tape
{
    /// <summary>log-softmax and negative log-likelihood: keeps the former; backward holds one more of its size.</summary>
    public void CrossEntropy(Tensor logits, long labels)
    {
        var result = Allocate(logits.Bytes, Part);
        if (Recording && logits.NeedsGradient)
        {
            ref var node = ref Add(Flow.Chain, logits.Edge, logits.Bytes);
            (node.Saved0, node.Saved1) = (result, labels > 0 ? Allocate(labels * 8, Part) : -1);
        }
        else
        {
            Release(result);
        }
    }

    /// <summary>The loss: where backward starts. Call after <see cref="CrossEntropy"/> or <see cref="LinearCrossEntropy"/>.</summary>
    public void BackwardFromLoss(int mark)
    {
        if (nodes > 0)
        {
            Seed(new(nodes - 1, 0), Allocate(4, GradientPart));
        }
        Backward(mark);
    }

    /// <summary>
    /// Head and loss together in chunks of tokens; the gradients of x and of the head are made on the way (Liger, arXiv 2410.10989, section 3.2).
    /// </summary>
    public void LinearCrossEntropy(Tensor x, Weight head, long rows)
    {
        var input = Autocast ? Cast(x, 2) : Cast(x, x.Width);
        var narrow = Autocast && head.Width != 2;
        var cast = narrow ? CastWeight(head, false).Storage : -1;
        var gradient = Allocate(input.Bytes, Part);
        var ofHead = head.Trained ? Allocate((long)(head.Elements * input.Width * GradientShare), Part.Gradients) : -1;
        var chunk = Chunk(rows, head);
        var (logits, upcast) = (Allocate(chunk * head.Outputs * input.Width, Part), input.Width < 4 ? Allocate(chunk * head.Outputs * 4, Part) : -1);
        Release(logits);
        Release(upcast);
        ref var node = ref Add(Flow.Ready, input.Edge, input.Bytes);
        node.Saved0 = gradient;
        if (narrow && head.Trained)
        {
            node.WeightGradient = head.Elements * head.Width;
        }
        if (narrow || Accumulating)
        {
            node.Saved1 = ofHead;
        }
        else if (ofHead >= 0)
        {
            gradients.Add(ofHead);
        }
        Release(cast);
        Drop(input);
    }

    /// <summary>Rows of a chunk: so many chunks that the logits of one are about as wide as the hidden state of all; a power of two.</summary>
    [Formula("Liger-Kernel (arXiv 2410.10989), fused_linear_cross_entropy.py: next_power_of_2(cdiv(n, cdiv(V, h)))")]
    internal static long Chunk(long rows, Weight head)
    {
        var chunks = (head.Outputs + head.Inputs - 1) / head.Inputs;
        var least = (rows + chunks - 1) / chunks;
        return (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)least);
    }
}
