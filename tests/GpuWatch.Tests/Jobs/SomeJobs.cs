using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Jobs;

/// <summary>Arbitrary jobs that do not contradict themselves: each key unknown or with one of its values.</summary>
internal static class SomeJobs
{
    public static Gen<Job> Any { get; } =
        JobKeys.All.Aggregate(
            Gen.Constant(new Dictionary<string, string>()),
            (jobs, key) =>
                from texts in jobs
                from text in Gen.OneOf(Gen.Constant<string?>(null), TextOf(key).Select(value => (string?)value))
                select text is null ? texts : new Dictionary<string, string>(texts) { [key.Name] = text })
        .Select(Consistent);

    /// <summary>Leaves out what contradicts the rest.</summary>
    private static Job Consistent(Dictionary<string, string> texts)
    {
        while (true)
        {
            var job = texts.Aggregate(new Job(), (job, text) => JobKeys.ByName[text.Key].Set(job, text.Value)!);
            if (Contradiction.In(job).FirstOrDefault() is not { } wrong)
            {
                return Sharding.Counted(job);
            }
            Assert.True(texts.Remove(wrong.Key));
        }
    }

    private static Gen<string> TextOf(JobKey key) => key.Name switch
    {
        "block" => Of(JobWords.Blocks),
        "method" => Of(JobWords.Methods),
        "optimizer" => Of(JobWords.Optimizers),
        "attention" => Of(JobWords.Attention),
        "grad_checkpointing" => Of(JobWords.Checkpointing),
        "cross_entropy" => Of(JobWords.CrossEntropy),
        "metric" => Of(JobWords.Metrics),
        "lora_dtype" => Of(JobWords.Dtypes),
        "weight_dtype" => Gen.Elements("bf16", "fp32", "nf4+bf16", "nf4-dq+fp16", "gptq+fp16", "int8"),
        "parallelism" => Gen.Elements("none", "ddp", "zero3", "fsdp-full", "fsdp8-tp8-pp8", "device_map"),
        "lora_targets" => Gen.Elements("q,v", "all-linear", "q_proj+down_proj"),
        "offload" => Gen.Elements("none", "optimizer", "optimizer,params", "activations"),
        "quant_bits" => Gen.Elements("2", "4", "8"),
        "lora_dropout" => Gen.Elements("0", "0.05", "0.999"),
        "params_b" or "gpu_mem_gb" => Gen.Choose(1, 100_000).Select(v => (v / 128.0).ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
        "heads" => Gen.Elements("8", "16", "32"),
        "kv_heads" => Gen.Elements("1", "2", "8"),
        "hidden" => Gen.Elements("512", "4096"),
        "num_gpus" => Gen.Elements("1", "8", "512"),
        _ when key.Expects == "yes or no" => Gen.Elements("yes", "no"),
        _ when key.Expects == "text" => Gen.Elements("a", "Llama-2-7b", "q,v", "a \"quoted\" name", "two\nlines", "null", "naïve # text: 1", "- dash"),
        _ => Gen.Choose(1, 1 << 24).Select(v => v.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    };

    private static Gen<string> Of(WordList words) => Gen.Elements(words.Words.ToArray());
}
