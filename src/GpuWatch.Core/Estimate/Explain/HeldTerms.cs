using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate.Explain;

/// <summary>Terms of what is there beside activations: weights, gradients, states, buffers.</summary>
/// <param name="work">P parameters of the model, P_t those that are trained.</param>
internal readonly struct HeldTerms(Workload work, Step step)
{
    /// <returns>Null for an activation.</returns>
    public Term? Of(Item item, long bytes)
    {
        var (what, factors, source) = item.Place switch
        {
            Place.Packed => ("quantised matrices of the blocks", Per("matrices", Quantised, bytes), "bitsandbytes, GPTQ and AWQ: packed bits and their scales"),
            Place.Plain => ("weights", Per(work.Weights.Packed > 0 ? "P − matrices" : "P", work.Parameters.Total - Quantised, bytes, Cut(work.Layout.WeightShards * work.Layout.Parts)), "counted from the architecture"),
            Place.Adapters => ("adapters", Per("P_t", work.TrainedParameters, bytes), "PEFT: rank · (inputs + outputs) of each adapted linear"),
            Place.Masters => ("fp32 copies of the weights", Per("P_t", work.TrainedParameters, bytes, Cut(work.Layout.StateShards * work.Layout.Parts)), "Rajbhandari et al. 2020 (ZeRO), section 3"),
            Place.Gradient => ("gradients that are there by then", Per("numbers", bytes / work.GradientWidth, bytes), "one for each trained weight, in its precision"),
            Place.Moments => ($"states of {work.Optimizer}", Per("P_t", work.TrainedParameters, bytes, Cut(work.Layout.StateShards)), "torch.optim, bitsandbytes, torchao: the optimizer's own state"),
            Place.Stepping => ($"what {work.Optimizer} makes while it steps", Per("P_t", work.TrainedParameters, bytes, Cut(work.Layout.StateShards)), "torch.optim: foreach makes its temporaries for all tensors at once"),
            Place.Workspaces => ("cuBLAS workspaces, one for each thread that multiplies", Per("threads", bytes / work.Workspace, bytes), Cublas.Source),
            Place.Buckets => ("DDP's buckets, a second copy of the gradients", Per("P_t", work.TrainedParameters, bytes), "PyTorch, reducer.cpp"),
            Place.Root => ("embedding, head and norms, gathered", Per("P − blocks", work.Parameters.Total - work.Parameters.Blocks, bytes, work.Layout.Parts), Fsdp),
            Place.Gathered => ("blocks gathered, the one that runs and the next", Per("largest block", work.Parameters.LargestBlock, bytes, work.Layout.Parts), Fsdp),
            Place.Waiting => ("gradients of a block that wait to be reduced", Per("largest block", work.Parameters.LargestBlock, bytes, work.Layout.Parts), Fsdp),
            Place.Offloaded => ("inputs of checkpointed blocks that wait in host memory, all but two", Per("n", step.Block.Tokens, bytes), "torch.autograd.graph.save_on_cpu"),
            Place.Kept when work.Method is MethodKind.Inference || item.Part is Part.Logits => default,
            Place.Kept => (Kept, Per("n", step.Block.Tokens, bytes), "docs/decisions/0010; Narayanan et al. 2021 for pipelines"),
            Place.Cast when item.Part is Part.Weights => ("autocast's 16-bit copies", Per("P", work.Parameters.Total, bytes), "torch.autocast keeps them while a forward pass runs"),
            _ => default,
        };
        return what is null ? null : new((Component)item.Part, what, factors, new(bytes), source);
    }

    private const string Fsdp = "PyTorch FSDP, _runtime_utils.py";

    private long Quantised => Methods.IsQuantised(work.Job) ? work.Parameters.BlockMatrices : 0;

    private string Kept => step.InFlight > 1 ? "micro-batches that wait for their backward"
        : "kept for backward beside it";

    private static int Cut(int parts) => Math.Max(1, parts);

    /// <summary>So many numbers, each with its bytes, divided among GPUs.</summary>
    private static ImmutableArray<Factor> Per(string symbol, long count, long bytes, int parts = 1)
    {
        if (count <= 0)
        {
            return [Factor.Of("bytes", bytes)];
        }
        var each = (double)bytes * parts / count;
        ImmutableArray<Factor> factors = [Factor.Of(symbol, count), Factor.Number(FormattableString.Invariant($"{each:#,0.####} B"), each)];
        return parts == 1 ? factors : factors.Add(Factor.Number($"÷ {parts}", 1.0 / parts));
    }
}
