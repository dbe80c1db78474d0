using System.Globalization;

namespace GpuWatch.Core.Jobs;

/// <summary>Two things a job says cannot both be.</summary>
/// <param name="Key">The key to blame.</param>
/// <param name="Impossible">No such job can exist; otherwise it is a job that somebody may have run, but hardly meant.</param>
public sealed record Contradiction(string Key, string Problem, string Expectation, bool Impossible)
{
    public override string ToString() => $"{Problem}; {Expectation}";

    /// <summary>Everything in a job that contradicts itself; the catalogue's shape counts as said.</summary>
    public static IEnumerable<Contradiction> In(Job job)
    {
        var (complete, from, _) = ModelShape.Complete(job);
        var shape = complete?.Architecture ?? job.Architecture;
        return InNames(job).Concat(InModel(job, from)).Concat(InShape(shape)).Concat(InSize(job, shape)).Concat(InMethod(job)).Concat(InLoss(job)).Concat(InSharding(job, shape));
    }

    /// <summary>Two names of the catalogue that mean two shapes.</summary>
    private static IEnumerable<Contradiction> InNames(Job job)
    {
        if (job is { ModelName: { } name, HfId: { } id } && Catalogue.Find(name) is { } named && Catalogue.Find(id) is { } identified
            && named with { Name = null } != identified with { Name = null })
        {
            yield return new("hf_id", $"{Units.Plain.Text(id)} is another model than {Units.Plain.Text(name)}", "expected two names of one model, or one of them", false);
        }
    }

    /// <summary>What is said over a model of the catalogue and leaves open which model is meant.</summary>
    private static IEnumerable<Contradiction> InModel(Job job, Architecture? from)
    {
        var said = job.Architecture;
        if (from is null)
        {
            yield break;
        }
        if (said is { Hidden: { } hidden, Heads: null } && hidden != from.Hidden)
        {
            yield return new("hidden", $"hidden {hidden} is not the {from.Hidden} of {from.Name}, and heads is not given", "expected heads too, or no hidden", false);
        }
        if ((said.Experts ?? from.Experts) is null && (said.ExpertsPerToken ?? said.ExpertIntermediate) is not null)
        {
            var key = said.ExpertsPerToken is null ? "expert_intermediate" : "experts_per_token";
            yield return new(key, $"{key} is given, but {from.Name} has no experts", "expected a mixture of experts, or experts too", false);
        }
    }

    private static IEnumerable<Contradiction> InShape(Architecture shape)
    {
        if (shape is { HeadDim: null, Latent: null, Hidden: { } hidden, Heads: { } heads } && hidden % heads != 0)
        {
            yield return new("heads", $"hidden {hidden} is not divisible by heads {heads}", "expected a divisor of hidden, or head_dim", true);
        }
        if (shape is { Heads: { } all, KvHeads: { } kv } && all % kv != 0)
        {
            yield return new("kv_heads", $"kv_heads {kv} does not divide heads {all}", "expected a divisor of heads", true);
        }
        if (shape is { Experts: { } experts, ExpertsPerToken: { } active } && active > experts)
        {
            yield return new("experts_per_token", $"experts_per_token {active} exceeds experts {experts}", "expected at most experts", true);
        }
    }

    /// <summary>Bytes are counted in 63 bits; a job that needs a thousandth of that is a mistake.</summary>
    private const double MostBytes = 1e15;

    private static IEnumerable<Contradiction> InSize(Job job, Architecture shape)
    {
        double layers = shape.Layers ?? 1, hidden = shape.Hidden ?? 1, vocab = shape.Vocab ?? 1, heads = shape.Heads ?? 1, length = (job.SeqLen ?? 1024.0) + (job.VirtualTokens ?? 0);
        var attention = Math.Max(hidden, heads * (shape.HeadDim ?? 1));
        if (shape.Latent is { } latent)
        {
            attention = Math.Max(attention, heads * ((double)latent.NopeDim + latent.RopeDim + latent.ValueDim) + latent.KvRank + (latent.QueryRank ?? 0));
        }
        var mlp = Math.Max(shape.Intermediate ?? 1, shape.ExpertIntermediate ?? 1) + (double)(shape.SharedIntermediate ?? 0);
        var tokens = (double)Math.Max(job.MicroBatch ?? 1, job.EvalBatch ?? 1) * length;
        var scores = job.Attention == "eager" ? tokens * length * heads : 0;
        var weights = layers * ((hidden + (job.LoraRank ?? 0)) * (4 * attention + 3 * mlp * Math.Max(1, shape.Experts ?? 1))) + (vocab + (shape.Positions ?? 0)) * hidden;
        var activations = tokens * (layers * (attention + mlp * Math.Max(1, shape.ExpertsPerToken ?? 1) + (job.LoraRank ?? 0)) + vocab * (job.EvalKept ?? 1)) + scores * layers;
        if (weights * 16 > MostBytes)
        {
            yield return new(Said(job, "layers", "hidden", "intermediate", "experts", "expert_intermediate", "head_dim", "vocab", "intermediate", "lora_rank", "heads"), $"a model of {weights:0.#e+0} weights is larger than any", "expected a smaller shape", true);
        }
        else if (activations * 16 > MostBytes)
        {
            yield return new(Said(job, "seq_len", "micro_batch", "virtual_tokens", "eval_batch", "eval_kept", "layers", "hidden", "intermediate", "experts_per_token", "expert_intermediate", "head_dim", "vocab", "lora_rank", "heads"), $"micro_batch × seq_len is {tokens:0.#e+0} tokens, more than any step can hold", "expected a shorter sequence or a smaller batch", true);
        }
    }

    /// <summary>The first of these keys that the job itself says.</summary>
    private static string Said(Job job, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (JobKeys.ByName[key].Get(job) is not null)
            {
                return key;
            }
        }
        return keys[0];
    }

    /// <summary>Methods beside full and pretrain that train the base's own weights.</summary>
    private static readonly string?[] TrainsWeights =
        ["freeze", "galore", "pretrain-galore", "apollo", "pretrain-apollo", "badam", "lisa", "lomo", "adalomo", "llamapro", "osf"];

    /// <summary>The method changes the base's own weights, which quantised ones do not let it.</summary>
    internal static bool TrainsBase(string? method) => method is null or "full" or "pretrain" || TrainsWeights.Contains(method);

    private static IEnumerable<Contradiction> InMethod(Job job)
    {
        var trainsAll = job.Method is "full" or "pretrain";
        if (TrainsWeights.Contains(job.Method) && (job.QuantBits is not null || job.QuantFormat is not null))
        {
            yield return new(job.QuantFormat is null ? "quant_bits" : "weight_dtype", $"method {job.Method} cannot train quantised weights", "expected method qlora, or weights in fp32, bf16 or fp16", false);
        }
        if (job is { QuantFormat: { } format, QuantBits: { } bits } && WeightFormat.BitsOf(format) is { } only && only != bits)
        {
            yield return new("quant_bits", $"{format} has {only} bits, but quant_bits is {bits}", "expected them to agree, or one of them", false);
        }
        if (trainsAll && (job.QuantBits is not null || job.QuantFormat is not null))
        {
            var key = job.QuantFormat is null ? "quant_bits" : "weight_dtype";
            yield return new(key, $"method {job.Method} cannot train quantised weights", "expected method qlora, or weights in fp32, bf16 or fp16", true);
        }
        if ((trainsAll || job.Method is "freeze" or "inference") && (job.LoraRank is not null || job.LoraTargets is not null))
        {
            yield return new(job.LoraRank is not null ? "lora_rank" : "lora_targets", $"method {job.Method} has no adapters", "expected method lora or qlora, or no lora keys", false);
        }
        if (job.Method == "inference" && job.Optimizer is not null)
        {
            yield return new("optimizer", "inference has no optimizer", "expected no optimizer", false);
        }
    }

    private static IEnumerable<Contradiction> InLoss(Job job)
    {
        if (job is { FusedCe: { } fused, CrossEntropy: { } loss } && fused != (loss == "fused"))
        {
            yield return new("fused_ce", $"fused_ce {(fused ? "yes" : "no")} contradicts cross_entropy {loss}", "expected them to agree, or one of them", false);
        }
    }

    private static IEnumerable<Contradiction> InSharding(Job job, Architecture shape)
    {
        if (job.Parallelism is not { } text || Sharding.Parse(text) is not { } sharding)
        {
            yield break;
        }
        var degrees = sharding.Tensor * sharding.Pipeline * sharding.Context * sharding.Sequence;
        if (sharding.State != ShardedState.None && (job.NumGpus ?? 1) == 1 && job.Offload is (null or "none"))
        {
            var gpus = job.NumGpus is null ? "num_gpus is not given" : "num_gpus is 1";
            yield return new("parallelism", $"{text} divides a job among GPUs, but {gpus}", "expected num_gpus of at least 2, or offload", false);
        }
        if (!sharding.LayerSplit && job.NumGpus is { } count && count % ((sharding.DataParallel ?? 1) * degrees) != 0)
        {
            yield return new("num_gpus", string.Create(CultureInfo.InvariantCulture, $"{text} needs a multiple of {(sharding.DataParallel ?? 1) * degrees} GPUs, but num_gpus is {count}"), "expected num_gpus to match the degrees", false);
        }
        if (shape.Heads is { } heads && heads % sharding.Tensor != 0)
        {
            yield return new("parallelism", $"{text} divides {heads} heads into {sharding.Tensor} parts", "expected a divisor of heads", false);
        }
        if (shape.Layers is { } layers && sharding.Pipeline > layers)
        {
            yield return new("parallelism", $"{text} divides {layers} layers into {sharding.Pipeline} stages", "expected no more stages than layers", false);
        }
    }
}
