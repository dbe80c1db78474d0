using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>A job with everything decided: what it says, and what had to be assumed.</summary>
internal sealed record Workload(Step Step, long WeightBytes, string Optimizer, bool Masters, ImmutableArray<string> Assumed)
{
    /// <returns>The workload, or null with the reason when the model's shape is not known.</returns>
    public static (Workload? Work, string? Error) Of(Job given)
    {
        var (job, from, error) = ModelShape.Complete(given);
        if (job is null)
        {
            return (null, error);
        }
        var assumed = ImmutableArray.CreateBuilder<string>();
        var shape = job.Architecture;
        if (ParameterCount.Of(shape) is not { } parameters)
        {
            return (null, "the model's shape is not known");
        }
        var traits = BlockTraits.Of(shape.Block);
        var hidden = shape.Hidden!.Value;
        var heads = shape.Heads!.Value;
        var layers = shape.Layers!.Value;
        var batch = job.MicroBatch ?? 1;
        var length = job.SeqLen ?? 2048;
        var width = job.WeightDtype == "fp32" ? 4 : 2;
        var amp = job.Amp ?? false;
        var masters = job.MasterWeights ?? false;
        var method = job.Method ?? "full";
        var quantised = method == "qlora";
        var lora = method is "lora" or "qlora";
        var positions = shape.Positions ?? (from?.Hidden == hidden ? BlockTraits.Of(from.Block).Positions : traits.Positions);
        var block = new Block(
            traits.Gated, traits.IsRms, batch, length, (long)batch * length, hidden, heads, shape.KvHeads ?? heads,
            shape.HeadDim ?? hidden / heads, shape.Intermediate!.Value, shape.QkvBias ?? traits.QkvBias, width, amp ? 2 : width,
            !lora, quantised, job.Attention == "eager", job.GradCheckpointing == "full", amp,
            lora ? job.LoraRank ?? 8 : 0, 4, job.LoraDropout > 0);
        var loss = job.CrossEntropy switch { "fused" => Loss.Fused, "hf2025" => Loss.Whole, _ => Loss.Shifted };
        var tied = shape.TiedEmbeddings ?? traits.Tied;
        var step = new Step(block, layers, shape.Vocab!.Value, tied, !lora, positions, loss, true);
        var total = parameters.Total + (positions - (shape.Positions ?? traits.Positions)) * (long)hidden;
        var packed = quantised ? parameters.BlockMatrices : 0;
        var weights = (total - packed) * width + (packed + 1) / 2 + (packed + 63) / 64;
        weights += lora ? LoraParameters(step) * 4 : 0;
        return (new(step, weights, job.Optimizer ?? "adamw_torch", masters, assumed.DrainToImmutable()), null);
    }

    private static long LoraParameters(Step step)
    {
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        var sum = 0L;
        foreach (var (elements, count) in tensors[..TensorSizes.Of(step, tensors)])
        {
            sum += elements * count;
        }
        return sum;
    }
}
