using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Estimate;

/// <summary>What a job says either changes its plan or is told to have no effect.</summary>
public sealed class NotFollowedTests
{
    [Theory]
    [InlineData("on norm are not counted; as nothing else is named, those of q,v are counted", "lora_targets", "norm")]
    [InlineData("on norm are not counted", "lora_targets", "q_proj,norm")]
    [InlineData("hf_id 'nope' is not in the catalogue: the shape is that of model_name Llama-3.2-1B", "hf_id", "nope")]
    [InlineData("RTX-4090 has 24 GB, but gpu_mem_gb is 80: a card of 80 GB is counted with", "gpu_name", "RTX 4090", "gpu_mem_gb", "80")]
    [InlineData("gpu_name 'Foo 9000' is not known: no card's size is taken; did you mean", "gpu_name", "Foo 9000")]
    [InlineData("gpu_name 'Foo 9000' is not known: only gpu_mem_gb is taken; did you mean", "gpu_name", "Foo 9000", "gpu_mem_gb", "80")]
    [InlineData("offload activations is passed over", "offload", "activations", "grad_checkpointing", "none")]
    [InlineData("virtual_tokens is passed over", "virtual_tokens", "20")]
    [InlineData("experts_per_token is passed over: the model has no experts", "experts_per_token", "2")]
    public void What_has_no_effect_is_told(string told, params string[] words) =>
        Assert.Contains(Warnings(words), warning => warning.Contains(told, StringComparison.Ordinal));

    [Theory]
    [InlineData("lora_targets", "all-linear")]
    [InlineData("lora_targets", "q_proj,lm_head,embed_tokens")]
    [InlineData("hf_id", "meta-llama/Llama-3.2-1B")]
    [InlineData("gpu_name", "A100", "gpu_mem_gb", "80")]
    [InlineData("gpu_name", "NVIDIA GeForce RTX 4090")]
    [InlineData("offload", "activations", "grad_checkpointing", "full")]
    [InlineData("packing", "no", "grad_checkpointing", "full")]
    [InlineData("packing", "no")]
    [InlineData("packing", "yes")]
    [InlineData("num_gpus", "8")]
    public void What_has_an_effect_is_not(params string[] words) => Assert.Empty(Warnings(words));

    [Theory]
    [InlineData("weight_dtype fp32 (amp casts from fp32)", null, null)]
    [InlineData("weight_dtype bf16", "zero2", null)]
    [InlineData("weight_dtype bf16", null, true)]
    public void Autocast_alone_is_over_fp32_weights(string said, string? parallelism, bool? masters) =>
        Assert.Contains(said, Estimator.Estimate(new() { ModelName = "Llama-3.2-1B", Method = "full", Amp = true, NumGpus = 2, Parallelism = parallelism, MasterWeights = masters }).Plan!.Assumed);

    [Fact]
    public void Eager_scores_are_made_in_the_compute_dtype_whatever_the_bits_of_the_weights()
    {
        Job Of(int bits, int length) => new() { ModelName = "Llama-2-7B", Method = "lora", QuantBits = bits, QuantFormat = bits == 4 ? "nf4" : "int8", Attention = "eager", GradCheckpointing = "none", SeqLen = length };
        double Growth(int bits) => Activations(Of(bits, 8192)) - 2 * Activations(Of(bits, 4096));
        double Activations(Job job) => Estimator.Estimate(job).Plan!.Stations.FirstBackward.Activations.Count;
        Assert.Equal(1, Growth(4) / Growth(8), 0.02);
    }

    [Fact]
    public void A_width_that_is_only_made_up_is_written_down_with_the_width_of_its_heads()
    {
        var assumed = Estimator.Estimate(new() { Architecture = new(Hidden: 5000, Layers: 10), Method = "full" }).Plan!.Assumed;
        Assert.Contains("heads 39", assumed);
        Assert.Contains("head_dim 128", assumed);
    }

    private static System.Collections.Immutable.ImmutableArray<string> Warnings(string[] words)
    {
        var job = new Job { ModelName = "Llama-3.2-1B", Method = "lora", MicroBatch = 1, SeqLen = 128, EvalBatch = 1 };
        return Estimator.Estimate(words.Chunk(2).Aggregate(job, (said, pair) => JobKeys.ByName[pair[0]].Set(said, pair[1])!)).Plan!.Warnings;
    }
}
