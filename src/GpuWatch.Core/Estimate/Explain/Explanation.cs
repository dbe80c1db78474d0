using System.Collections.Immutable;
using System.Globalization;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Explain;

/// <summary>
/// The plan in closed forms, to be checked by hand. The plan itself plays the step tensor by tensor and knows what is alive together;
/// the closed forms agree with it where nothing overlaps.
/// </summary>
public static class Explanation
{
    private const string Counted = "counted from the architecture";

    /// <returns>The terms that have a closed form for this job; empty when the model's shape is not known.</returns>
    public static ImmutableArray<Term> Of(Job given)
    {
        if (ModelShape.Complete(given).Job is not { } job || ParameterCount.Of(job.Architecture) is not { } count)
        {
            return [];
        }
        var terms = ImmutableArray.CreateBuilder<Term>();
        var width = job.WeightDtype == "fp32" ? 4 : 2;
        var trainsAll = job.Method is null or "full" or "pretrain";
        AddWeights(terms, job, count, width);
        if (trainsAll)
        {
            AddStates(terms, job, count.Total, width);
        }
        else if (job.Method is "lora" or "qlora")
        {
            terms.Add(new("optimizer_states", "r · Σ (in + out) · (4 weights + 4 gradients + 8 moments), for each adapted linear", $"r = {job.LoraRank ?? 8}", Bytes.Zero, "PEFT keeps adapters in fp32"));
        }
        if (job.Method != "inference" && BlockForm.Of(job) is { } form)
        {
            terms.Add(form.PerLayer);
            terms.Add(form.AllLayers);
        }
        AddLogits(terms, job);
        return terms.DrainToImmutable();
    }

    private static void AddWeights(ImmutableArray<Term>.Builder terms, Job job, ParameterCount count, int width)
    {
        var inputs = Invariant($"P = {count.Total:N0}: embedding {count.Embedding:N0}, blocks {count.Blocks:N0}, head {count.Head:N0}, rest {count.Rest:N0}");
        var bits = job.QuantBits ?? (job.Method == "qlora" ? 4 : null);
        if (bits is { } packed)
        {
            var bytes = count.BlockMatrices * packed / 8.0 + count.BlockMatrices / 64.0 * (packed == 4 ? 4 : 0) + (count.Total - count.BlockMatrices) * (double)width;
            terms.Add(new("weights", Invariant($"matrices of blocks · {packed} bits{(packed == 4 ? " + 4 B for each 64" : "")} + everything else · {width} B"),
                Invariant($"matrices of blocks = {count.BlockMatrices:N0}; {inputs}"), new((long)bytes), "bitsandbytes, blockwise quantisation"));
            return;
        }
        terms.Add(new("weights", Invariant($"P · {width} B"), inputs, new(count.Total * width), Counted));
    }

    private static void AddStates(ImmutableArray<Term>.Builder terms, Job job, long parameters, int width)
    {
        var inputs = Invariant($"P = {parameters:N0}");
        var masters = job.MasterWeights == true && width == 2;
        if (masters)
        {
            terms.Add(new("master_weights", "P · 4 B", inputs, new(4 * parameters), "Rajbhandari et al. 2020, section 3"));
        }
        terms.Add(new("gradients", Invariant($"P · {width} B"), inputs, new(parameters * width), "a gradient for each trained weight, in its precision"));
        var (formula, bytes) = job.Optimizer switch
        {
            "adamw_8bit" or "paged_adamw_8bit" => ("P · 2 · (1 + 4 ÷ 256) B", 2 * (1 + 4 / 256.0)),
            "sgd" => ("0", 0.0),
            "sgd_momentum" or "lion" => (Invariant($"P · {(masters ? 4 : width)} B"), masters ? 4.0 : width),
            _ => (Invariant($"P · 2 · {(masters ? 4 : width)} B"), 2.0 * (masters ? 4 : width)),
        };
        terms.Add(new("optimizer_states", formula, inputs, new((long)(parameters * bytes)), "two moments of AdamW; 8-bit: one scale for each 256"));
    }

    private static void AddLogits(ImmutableArray<Term>.Builder terms, Job job)
    {
        if (job.Architecture.Vocab is not { } vocab || job.Method == "inference" || job is { FusedCe: true } or { CrossEntropy: "fused" })
        {
            return;
        }
        var tokens = Tokens(job);
        terms.Add(new("logits", "n · V · 14 B at the peak of the loss: 2 kept, 4 upcast, 4 log-softmax, 4 gradient",
            Invariant($"n = {tokens:N0}, V = {vocab:N0}"), new(tokens * vocab * 14), "measured with PyTorch's autograd; transformers' cross-entropy in bf16"));
    }

    internal static long Tokens(Job job) => (long)(job.MicroBatch ?? 1) * (job.SeqLen ?? 2048);

    internal static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
