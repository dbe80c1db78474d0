using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Estimate;

/// <summary>A plan lists what it assumed (CONTRACTS 3), in the words a person would write.</summary>
public sealed class AssumedTests
{
    private static readonly Job[] Jobs =
    [
        new() { ModelName = "Llama-2-7B" },
        new() { ModelName = "Llama-2-7B", Method = "lora" },
        new() { ModelName = "Llama-2-7B", Method = "qlora", MicroBatch = 4 },
        new() { ModelName = "Llama-2-7B", Method = "lora", NumGpus = 8, Parallelism = "fsdp-full" },
        new() { ModelName = "Llama-2-7B", Method = "lomo" },
        new() { ModelName = "Llama-2-7B", NumGpus = 8 },
        new() { ModelName = "Llama-2-7B", NumGpus = 8, Parallelism = "zero3" },
        new() { ModelName = "MPT-7B", Method = "full" },
        new() { ModelName = "gpt2", Method = "pretrain", FusedCe = false },
        new() { ModelName = "Mixtral-8x7B", Method = "full", GradAccum = 4 },
        new() { ModelName = "bert-base-uncased", Method = "inference" },
        new() { ModelName = "TheBloke/Mistral-7B-v0.1-GPTQ", Method = "lora" },
        new() { HfId = "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", Method = "qlora" },
        new() { Architecture = new(ParametersBillion: 7) },
        new() { Architecture = new(Hidden: 4096, Layers: 24), Method = "full" },
    ];

    public static TheoryData<int> Numbers { get; } = [.. Enumerable.Range(0, Jobs.Length)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Who_writes_down_what_was_assumed_gets_the_same_plan(int number)
    {
        var plan = Estimator.Estimate(Jobs[number]).Plan!;
        var said = plan.Assumed.Aggregate(Jobs[number], (job, words) => Set(job, words.Split(" (")[0]));
        var told = Estimator.Estimate(said).Plan!;
        Assert.NotEmpty(plan.Assumed);
        Assert.Equal([], told.Assumed);
        Assert.Equal(plan.PeakAllocated.Likely, told.PeakAllocated.Likely);
        // The replayed cache of a job that is told whole is believed as it is; of others it is scaled by what was measured.
        if (!told.IsToldWhole)
        {
            Assert.Equal(plan.PeakReserved.Likely, told.PeakReserved.Likely);
        }
    }

    [Fact]
    public void A_shape_that_was_made_up_is_not_told()
    {
        var plan = Estimator.Estimate(new()
        {
            Architecture = new(ParametersBillion: 7), Method = "full", WeightDtype = "bf16", Amp = false, MasterWeights = false, Optimizer = "adamw_torch", GradCheckpointing = "none",
            Attention = "flash", CrossEntropy = "hf", MicroBatch = 1, SeqLen = 512, Packing = true, GradAccum = 1, NumGpus = 1, Parallelism = "none",
        }).Plan!;
        Assert.False(plan.IsToldWhole);
        Assert.Contains(plan.Assumed, words => words.StartsWith("hidden ", StringComparison.Ordinal));
        Assert.Contains("vocab 32000", plan.Assumed);
    }

    [Fact]
    public void Several_gpus_are_never_told_whole()
    {
        var job = new Job
        {
            ModelName = "Llama-2-7B", Method = "full", WeightDtype = "bf16", Amp = false, MasterWeights = false, Optimizer = "adamw_torch", GradCheckpointing = "none",
            Attention = "flash", CrossEntropy = "hf", MicroBatch = 1, SeqLen = 512, Packing = true, GradAccum = 1, NumGpus = 1, Parallelism = "none",
        };
        Assert.True(Estimator.Estimate(job).Plan!.IsToldWhole);
        Assert.False(Estimator.Estimate(job with { NumGpus = 8, Parallelism = "fsdp-full" }).Plan!.IsToldWhole);
    }

    [Fact]
    public void Rounded_parameters_do_not_change_a_model_of_the_catalogue()
    {
        var job = new Job { ModelName = "Qwen2.5-7B", Method = "full" };
        var (known, rounded) = (Estimator.Estimate(job).Plan!, Estimator.Estimate(job with { Architecture = new(ParametersBillion: 7) }).Plan!);
        Assert.Equal(known.PeakAllocated, rounded.PeakAllocated);
        Assert.Contains(rounded.Warnings, warning => warning.StartsWith("params_b says 7,", StringComparison.Ordinal));
        Assert.Empty(known.Warnings);
    }

    [Theory]
    [InlineData("unsloth/llama-3-8b-bnb-4bit", "nf4")]
    [InlineData("Qwen/Qwen1.5-7B-Chat-AWQ", "awq")]
    [InlineData("TheBloke/Mistral-7B-v0.1-GPTQ", "gptq")]
    public void A_name_says_that_the_weights_are_quantised(string name, string format)
    {
        var plan = Estimator.Estimate(new() { HfId = name, Method = "lora" }).Plan!;

        Assert.Contains(plan.Assumed, words => words.StartsWith($"weight_dtype {format}+bf16 (", StringComparison.Ordinal));
        Assert.True(plan.Phases.Load < Bytes.FromGiB(7));
        Assert.True(Estimator.Estimate(new() { HfId = name, Method = "full" }).Plan!.Phases.Load > Bytes.FromGiB(13));
    }

    [Theory]
    [InlineData("gpt2", 1025, true)]
    [InlineData("gpt2", 1024, false)]
    [InlineData("bert-base-uncased", 513, true)]
    [InlineData("OPT-1.3B", 2048, false)]
    [InlineData("OPT-1.3B", 2049, true)]
    [InlineData("roberta-base", 513, true)]
    [InlineData("Llama-2-7B", 100_000, false)]
    public void More_tokens_than_learned_positions_are_told(string model, int tokens, bool told) =>
        Assert.Equal(told, Estimator.Estimate(new() { ModelName = model, Method = "full", SeqLen = tokens }).Plan!.Warnings.Any(warning => warning.Contains("positions", StringComparison.Ordinal)));

    private static Job Set(Job job, string words) => words.Split(' ', 2) is [var key, var value]
        ? JobKeys.ByName[key].Set(job, value) ?? throw new InvalidOperationException($"'{words}' is not understood")
        : job;
}
