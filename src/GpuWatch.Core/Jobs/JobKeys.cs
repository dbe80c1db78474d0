using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace GpuWatch.Core.Jobs;

/// <summary>The vocabulary of CONTRACTS 3: every key, its meaning, its values and the member of <see cref="Job"/> it stands for.</summary>
public static class JobKeys
{
    public static ImmutableArray<JobKey> All { get; } =
    [
        Text("id", "name of this job among others", (j, v) => j with { Id = v }, j => j.Id),
        Text("model_name", "model of the catalogue, or free text with the architecture", (j, v) => j with { ModelName = v }, j => j.ModelName),
        Text("hf_id", "model of the catalogue, or the path of a config.json", (j, v) => j with { HfId = v }, j => j.HfId),
        Real("params_b", "all parameters, in 1e9", "a number above 0, at most 1000000", v => v is > 0 and <= 1e6, (j, v) => Of(j, a => a with { ParametersBillion = v }), j => j.Architecture.ParametersBillion),
        Count("hidden", "width of the residual stream", (j, v) => Of(j, a => a with { Hidden = v }), j => j.Architecture.Hidden),
        Count("layers", "transformer blocks", (j, v) => Of(j, a => a with { Layers = v }), j => j.Architecture.Layers),
        Count("heads", "attention heads", (j, v) => Of(j, a => a with { Heads = v }), j => j.Architecture.Heads),
        Count("kv_heads", "key and value heads", (j, v) => Of(j, a => a with { KvHeads = v }), j => j.Architecture.KvHeads),
        Count("head_dim", "width of a head", (j, v) => Of(j, a => a with { HeadDim = v }), j => j.Architecture.HeadDim),
        Count("intermediate", "width of the MLP", (j, v) => Of(j, a => a with { Intermediate = v }), j => j.Architecture.Intermediate),
        Count("vocab", "rows of the embedding", (j, v) => Of(j, a => a with { Vocab = v }), j => j.Architecture.Vocab),
        YesNo("tied_embeddings", "embedding and head are one matrix", (j, v) => Of(j, a => a with { TiedEmbeddings = v }), j => j.Architecture.TiedEmbeddings),
        YesNo("qkv_bias", "query, key and value projections have a bias", (j, v) => Of(j, a => a with { QkvBias = v }), j => j.Architecture.QkvBias),
        Word("block", "family of the block", JobWords.Blocks, (j, v) => Of(j, a => a with { Block = v }), j => j.Architecture.Block),
        Count("experts", "routed experts of a mixture", (j, v) => Of(j, a => a with { Experts = v }), j => j.Architecture.Experts),
        Count("experts_per_token", "experts a token passes through", (j, v) => Of(j, a => a with { ExpertsPerToken = v }), j => j.Architecture.ExpertsPerToken),
        Count("expert_intermediate", "width of one routed expert", (j, v) => Of(j, a => a with { ExpertIntermediate = v }), j => j.Architecture.ExpertIntermediate),
        Word("method", "how it is trained", JobWords.Methods, (j, v) => j with { Method = v }, j => j.Method),
        Count("lora_rank", "rank of the adapters", (j, v) => j with { LoraRank = v }, j => j.LoraRank),
        new("lora_targets", "linears with adapters", LoraTargets.Expects, true,
            (j, text) => LoraTargets.Parse(text) is null ? null : j with { LoraTargets = text }, j => j.LoraTargets),
        Real("lora_dropout", "dropout before the adapters", "a number from 0 to below 1", v => v is >= 0 and < 1, (j, v) => j with { LoraDropout = v }, j => j.LoraDropout),
        Word("lora_dtype", "precision of the adapters", JobWords.Dtypes, (j, v) => j with { LoraDtype = v }, j => j.LoraDtype),
        new("quant_bits", "bits of the quantised base weights", "8, 4 or 2", false,
            (j, text) => Whole(text) is 8 or 4 or 2 ? j with { QuantBits = Whole(text) } : null, j => Written(j.QuantBits)),
        new("weight_dtype", "precision of the weights", "fp32, bf16 or fp16, after nf4+, nf4-dq+, fp4+, gptq4+, awq4+, aqlm2+ or int8+ where quantised", true,
            WeightFormat.Read, WeightFormat.Write),
        YesNo("amp", "autocast over weight_dtype", (j, v) => j with { Amp = v }, j => j.Amp),
        YesNo("master_weights", "16-bit weights with fp32 copies in the optimizer", (j, v) => j with { MasterWeights = v }, j => j.MasterWeights),
        Word("optimizer", "optimizer", JobWords.Optimizers, (j, v) => j with { Optimizer = v }, j => j.Optimizer),
        Word("grad_checkpointing", "recompute activations in backward", JobWords.Checkpointing, (j, v) => j with { GradCheckpointing = v }, j => j.GradCheckpointing),
        Word("attention", "attention kernel", JobWords.Attention, (j, v) => j with { Attention = v }, j => j.Attention),
        Word("cross_entropy", "how the loss is computed", JobWords.CrossEntropy, (j, v) => j with { CrossEntropy = v }, j => j.CrossEntropy),
        new("fused_ce", "cross-entropy fused with the head", "yes or no", true, ReadFusedCe, j => Written(j.FusedCe)),
        Count("micro_batch", "sequences in one forward pass of one GPU", (j, v) => j with { MicroBatch = v }, j => j.MicroBatch),
        Count("seq_len", "tokens of a sequence", (j, v) => j with { SeqLen = v }, j => j.SeqLen),
        YesNo("packing", "every sequence is full", (j, v) => j with { Packing = v }, j => j.Packing),
        Count("grad_accum", "micro-batches in one step", (j, v) => j with { GradAccum = v }, j => j.GradAccum),
        Count("eval_batch", "sequences in one forward pass of evaluation", (j, v) => j with { EvalBatch = v }, j => j.EvalBatch),
        Count("eval_kept", "batches of evaluation whose logits stay on the GPU", (j, v) => j with { EvalKept = v }, j => j.EvalKept),
        Count("virtual_tokens", "tokens that prompt tuning puts before each sequence", (j, v) => j with { VirtualTokens = v }, j => j.VirtualTokens),
        Count("num_gpus", "GPUs of the job", (j, v) => j with { NumGpus = v }, j => j.NumGpus),
        new("parallelism", "how the job is divided among its GPUs", Sharding.Expects, true,
            (j, text) => Sharding.Parse(text) is null ? null : j with { Parallelism = text }, j => j.Parallelism),
        new("offload", "what lives in host memory", "none, or of optimizer, params, activations a list", true,
            (j, text) => JobWords.Offload(text) is { } parts ? j with { Offload = parts } : null, j => j.Offload),
        Text("gpu_name", "kind of GPU", (j, v) => j with { GpuName = v }, j => j.GpuName),
        Real("gpu_mem_gb", "memory of one GPU", "GB of one card: a number above 0, at most 1024", v => v is > 0 and <= 1024, (j, v) => j with { GpuMemGb = v }, j => j.GpuMemGb),
        Word("metric", "the measurement to compare with", JobWords.Metrics, (j, v) => j with { Metric = v }, j => j.Metric),
    ];

    public static FrozenDictionary<string, JobKey> ByName { get; } = All.ToFrozenDictionary(key => key.Name);

    /// <summary>The keys that a word nobody knows may mean, as "a, b or c": those that it is a part of, or else the nearest in spelling.</summary>
    public static string Nearest(string name)
    {
        var whole = All.Where(key => key.Name.Split('_').Contains(name, StringComparer.OrdinalIgnoreCase)).ToArray();
        return Jobs.Nearest.Of(name, (whole.Length > 0 ? whole : [.. All]).Select(key => key.Name));
    }

    /// <summary>No shape, batch or number of GPUs comes near it, and products of a few of them still can be counted.</summary>
    private const int MostCounted = 1 << 24;

    private static Job Of(Job job, Func<Architecture, Architecture> change) => job with { Architecture = change(job.Architecture) };

    private static JobKey Text(string name, string meaning, Func<Job, string, Job> set, Func<Job, string?> get) =>
        new(name, meaning, "text", false, set, get);

    private static JobKey Count(string name, string meaning, Func<Job, int, Job> set, Func<Job, int?> get) =>
        new(name, meaning, "a whole number of at least 1, at most 16777216", false,
            (job, text) => Whole(text) is { } value and >= 1 and <= MostCounted ? set(job, value) : null, job => Written(get(job)));

    private static JobKey Real(string name, string meaning, string expects, Func<double, bool> allows, Func<Job, double, Job> set, Func<Job, double?> get) =>
        new(name, meaning, expects, false,
            (job, text) => Number(text) is { } value && allows(value) ? set(job, value) : null,
            job => get(job)?.ToString("R", CultureInfo.InvariantCulture));

    private static JobKey YesNo(string name, string meaning, Func<Job, bool, Job> set, Func<Job, bool?> get) =>
        new(name, meaning, "yes or no", true,
            (job, text) => JobWords.YesNo(text) is { } value ? set(job, value) : null, job => Written(get(job)));

    private static JobKey Word(string name, string meaning, WordList words, Func<Job, string, Job> set, Func<Job, string?> get) =>
        new(name, meaning, words.Expects, true,
            (job, text) => words.Find(text) is { } word ? set(job, word) : null, get);

    private static Job? ReadFusedCe(Job job, string text) =>
        JobWords.YesNo(text) is { } fused ? job with { FusedCe = fused }
        : JobWords.CrossEntropy.Find(text) is { } loss ? job with { FusedCe = loss == "fused", CrossEntropy = job.CrossEntropy ?? loss }
        : null;

    private static string? Written(int? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string? Written(bool? value) => value is { } yes ? (yes ? "yes" : "no") : null;

    /// <summary>A whole number, also one that a spreadsheet wrote as "4096.0".</summary>
    private static int? Whole(string text) =>
        Number(text) is { } value && value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue ? (int)value : null;

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;
}
