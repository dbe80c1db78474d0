using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Jobs;

public sealed class JobKeysTests
{
    [Fact]
    public void Every_key_of_the_contract_is_known()
    {
        const string contract = """
            model_name hf_id params_b hidden layers heads kv_heads intermediate vocab tied_embeddings qkv_bias block method lora_rank lora_targets
            lora_dropout lora_dtype quant_bits weight_dtype amp master_weights optimizer grad_checkpointing attention fused_ce cross_entropy
            micro_batch seq_len packing grad_accum num_gpus parallelism offload gpu_name gpu_mem_gb metric
            """;
        Assert.All(contract.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries), key => Assert.Contains(key, JobKeys.ByName.Keys));
    }

    [Theory]
    [InlineData("method", "QLoRA", "qlora")]
    [InlineData("optimizer", "AdamW", "adamw_torch")]
    [InlineData("optimizer", "bnb AdamW8bit", "adamw_8bit")]
    [InlineData("optimizer", "adamw_torch_fused", "adamw_fused")]
    [InlineData("weight_dtype", "fp32(sharded)", "fp32")]
    [InlineData("weight_dtype", "nf4-dq+bf16", "nf4-dq+bf16")]
    [InlineData("weight_dtype", "gptq4+fp16", "gptq+fp16")]
    [InlineData("amp", "FSDP2 mixed precision bf16 params, fp32 reduce", "yes")]
    [InlineData("master_weights", "yes (fp32 params)", "yes")]
    [InlineData("packing", "padded to max_length", "yes")]
    [InlineData("fused_ce", "chunked", "no")]
    [InlineData("offload", "cpu(param+optim)", "optimizer,params")]
    [InlineData("offload", "cpu", "optimizer,params")]
    [InlineData("grad_checkpointing", "true", "full")]
    [InlineData("micro_batch", "4.0", "4")]
    public void Spellings_in_use_lead_to_the_canonical_word(string key, string written, string canonical)
    {
        var job = JobKeys.ByName[key].Set(new Job(), written);

        Assert.NotNull(job);
        Assert.Equal(canonical, JobKeys.ByName[key].Get(job));
    }

    [Theory]
    [InlineData("micro_batch", "0")]
    [InlineData("micro_batch", "-1")]
    [InlineData("micro_batch", "1.5")]
    [InlineData("micro_batch", "four")]
    [InlineData("hidden", "1e99")]
    [InlineData("lora_dropout", "1")]
    [InlineData("lora_dropout", "NaN")]
    [InlineData("quant_bits", "5")]
    [InlineData("params_b", "0")]
    [InlineData("parallelism", "zero4")]
    [InlineData("parallelism", "tp0")]
    [InlineData("attention", "fast")]
    [InlineData("amp", "perhaps")]
    public void A_value_outside_the_vocabulary_is_not_understood(string key, string written) =>
        Assert.Null(JobKeys.ByName[key].Set(new Job(), written));

    [Fact]
    public void What_a_key_writes_it_reads_again_as_the_same_job() =>
        Prop.ForAll(SomeJobs.Any.ToArbitrary(), job =>
        {
            var entries = JobKeys.All
                .Where(key => key.Get(job) is not null)
                .Select(key => new JobEntry("test", key.Name, key.Get(job)!));
            return JobReader.Read(entries) == job;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("galore", "nf4+bf16")]
    [InlineData("badam", "int8")]
    [InlineData("full", "nf4")]
    public void Weights_that_are_trained_cannot_be_quantised(string method, string dtype) =>
        Assert.Contains(Contradiction.In(Of(("method", method), ("weight_dtype", dtype))), wrong => wrong.Key == "weight_dtype");

    [Fact]
    public void A_format_has_its_own_bits()
    {
        Assert.Equal(8, Of(("weight_dtype", "gptq8 (act-order)+fp16")).QuantBits);
        Assert.Null(JobKeys.ByName["weight_dtype"].Set(new(), "gptq3"));
        Assert.Contains(Contradiction.In(Of(("weight_dtype", "nf4"), ("quant_bits", "8"))), wrong => wrong.Key == "quant_bits");
        Assert.Empty(Contradiction.In(Of(("weight_dtype", "gptq8"), ("quant_bits", "8"))));
    }

    [Theory]
    [InlineData("fsdp8-tp8-pp8", 512)]
    [InlineData("tp2pp4", 8)]
    [InlineData("zero3", null)]
    [InlineData("fsdp2", null)]
    public void Degrees_say_how_many_gpus_there_are(string parallelism, int? gpus) => Assert.Equal(gpus, Sharding.Counted(Of(("parallelism", parallelism))).NumGpus);

    private static Job Of(params (string Key, string Value)[] said) => said.Aggregate(new Job(), (job, pair) => JobKeys.ByName[pair.Key].Set(job, pair.Value)!);

    [Fact]
    public void An_unknown_key_is_an_error_that_names_the_nearest()
    {
        var bad = Assert.Throws<BadInputException>(() => JobReader.Read([new JobEntry("job.yaml:3", "micro_bach", "4")]));

        Assert.Equal("job.yaml:3", bad.Place);
        Assert.Contains("micro_batch", bad.Expectation);
    }
}
