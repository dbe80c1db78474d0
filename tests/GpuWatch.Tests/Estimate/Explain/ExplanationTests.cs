using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Jobs;

namespace GpuWatch.Tests.Estimate.Explain;

public sealed class ExplanationTests
{
    private static readonly Job Llama = new() { ModelName = "Llama-2-7B", Method = "full", WeightDtype = "bf16", MicroBatch = 2, SeqLen = 1024 };

    /// <summary>Every family, method, precision, optimizer, loss, sharding and checkpointing at least once.</summary>
    public static TheoryData<Job> Jobs => [.. new[]
        {
            Llama,
            Llama with { GradCheckpointing = "full" },
            Llama with { GradCheckpointing = "selective", GradAccum = 4 },
            Llama with { WeightDtype = "fp32", Amp = true, Attention = "eager" },
            Llama with { WeightDtype = "fp32", Amp = true, GradCheckpointing = "full", CrossEntropy = "hf2025" },
            Llama with { MasterWeights = true, Optimizer = "adamw_fused", CrossEntropy = "chunked" },
            Llama with { Optimizer = "adamw_8bit", FusedCe = true },
            Llama with { Optimizer = "adafactor", NumGpus = 4, Parallelism = "ddp" },
            Llama with { Optimizer = "lomo" },
            Llama with { Method = "lora", LoraTargets = "all-linear", LoraDropout = 0.1 },
            Llama with { Method = "lora", WeightDtype = "fp32", Amp = true, GradCheckpointing = "full" },
            Llama with { Method = "lora", NumGpus = 2, Parallelism = "fsdp-full", GradCheckpointing = "full" },
            Llama with { Method = "qlora", QuantFormat = "nf4", QuantBits = 4, LoraTargets = "all-linear" },
            Llama with { Method = "qlora", QuantFormat = "nf4-dq", QuantBits = 4, GradCheckpointing = "none", GpuName = "RTX 4090" },
            Llama with { Method = "galore" }, Llama with { Method = "badam" }, Llama with { Method = "lisa", GradCheckpointing = "full" },
            Llama with { Method = "freeze" }, Llama with { Method = "bitfit" }, Llama with { Method = "vera" },
            Llama with { EvalBatch = 64 }, Llama with { EvalBatch = 2, EvalKept = 100 }, Llama with { EvalBatch = 8, FusedCe = true, GradCheckpointing = "full", WeightDtype = "fp32", Amp = true },
            Llama with { Method = "inference", MicroBatch = 32 }, Llama with { Method = "inference", WeightDtype = "fp32", Amp = true }, Llama with { Method = "load" },
            Llama with { NumGpus = 8, Parallelism = "zero3" }, Llama with { NumGpus = 8, Parallelism = "zero2", GradAccum = 8 },
            Llama with { NumGpus = 8, Parallelism = "fsdp-shard_grad_op" }, Llama with { NumGpus = 8, Parallelism = "tp2pp4", GradAccum = 8 },
            Llama with { NumGpus = 8, Parallelism = "fsdp2-tp4" }, Llama with { NumGpus = 4, Parallelism = "device_map" },
            Llama with { Offload = "optimizer" }, Llama with { Offload = "activations", GradCheckpointing = "full" }, Llama with { Optimizer = "paged_adamw_32bit", GpuMemGb = 48 },
            Llama with { Optimizer = "galore_adamw" }, Llama with { Method = "lora", NumGpus = 4, Parallelism = "zero3" },
            Llama with { Offload = "optimizer,params" },
            Llama with { ModelName = "gpt2-medium", WeightDtype = "fp32" }, Llama with { ModelName = "gpt2", Attention = "eager", GradCheckpointing = "full" },
            Llama with { ModelName = "Qwen3-0.6B", Packing = false, GradCheckpointing = "full" }, Llama with { ModelName = "Gemma-2-9B" },
            Llama with { ModelName = "Mixtral-8x7B" }, Llama with { ModelName = "DeepSeek-V3", GradCheckpointing = "full" },
            Llama with { ModelName = "bert-base-uncased", CrossEntropy = "classification" }, Llama with { ModelName = "t5-small" },
            Llama with { ModelName = null, Architecture = new(ParametersBillion: 7) },
        }];

    [Theory]
    [MemberData(nameof(Jobs))]
    public void The_terms_of_a_component_sum_to_it(Job job)
    {
        var plan = Estimator.Estimate(job).Plan!;

        var terms = Estimator.Explain(job);

        Assert.All(Components.All, component =>
            Assert.Equal(plan.Components[component], new Bytes(terms.Where(term => term.Component == component).Sum(term => term.Value.Count))));
    }

    [Fact]
    public void Whatever_is_declared_its_terms_sum_and_nothing_is_below_zero() =>
        Prop.ForAll(SomeJobs.Any.Select(job => Some(job)).ToArbitrary(), job =>
        {
            if (Contradiction.In(job).Any() || Estimator.Estimate(job).Plan is not { } plan)
            {
                return true;
            }
            var terms = Estimator.Explain(job).GroupBy(term => term.Component).ToDictionary(group => group.Key, group => group.Sum(term => term.Value.Count));
            return Components.All.All(component => plan.Components[component].Count >= 0 && plan.Components[component].Count == terms.GetValueOrDefault(component))
                && plan.PeakDevice.Low.Count > 0 && plan.PeakDevice.Low <= plan.PeakDevice.Likely && plan.PeakDevice.Likely <= plan.PeakDevice.High;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    /// <summary>Of a known model where the job does not describe one; else hardly any would have a shape.</summary>
    private static Job Some(Job job) => job with { ModelName = "Llama-2-7B", Architecture = job.Architecture is { Hidden: not null, Layers: not null } ? job.Architecture : new() };

    [Theory]
    [MemberData(nameof(Jobs))]
    public void Every_formula_gives_its_bytes(Job job) =>
        Assert.All(Estimator.Explain(job), term =>
            Assert.InRange(term.Factors.Aggregate(1.0, (product, factor) => product * factor.Value) - term.Value.Count, -100 - 1e-6 * Math.Abs(term.Value.Count), 100 + 1e-6 * Math.Abs(term.Value.Count)));

    [Theory]
    [MemberData(nameof(Jobs))]
    public void The_symbols_are_the_plans_and_each_has_one_meaning(Job job)
    {
        var symbols = Estimator.Explain(job).SelectMany(term => term.Factors).SelectMany(factor => factor.Symbols).Distinct()
            .Where(symbol => symbol.Name is not ("numbers" or "bytes" or "played")).ToArray();

        Assert.Equal(symbols.Length, symbols.Select(symbol => symbol.Name).Distinct().Count());
    }

    [Fact]
    public void What_the_job_leaves_open_is_explained_as_it_was_assumed()
    {
        var job = new Job { ModelName = "Llama-2-7B", Method = "lora" };

        var told = Estimator.Explain(job).SelectMany(term => term.Inputs).ToHashSet();

        Assert.Contains("seq_len 1024", Estimator.Estimate(job).Plan!.Assumed);
        Assert.Contains("n = 1,024", told);
        Assert.Contains("lora_rank 16", Estimator.Estimate(job).Plan!.Assumed);
        Assert.Contains("P_t = 8,388,608", told);
    }

    [Theory]
    [InlineData("weights", "P · 2 B")]
    [InlineData("gradients", "numbers · 2 B")]
    [InlineData("optimizer_states", "P_t · 4 B")]
    public void Pure_bf16_holds_8_bytes_a_parameter(string component, string formula) =>
        Assert.Equal(formula, Assert.Single(Estimator.Explain(Llama), term => term.Component.Name() == component).Formula);

    [Fact]
    public void A_checkpointed_block_keeps_its_input()
    {
        var terms = Estimator.Explain(Llama with { Method = "lora", GradCheckpointing = "full" });

        Assert.Contains(terms, term => term is { What: "residual stream", Formula: "31 · n·h · 2 B" });
    }

    [Fact]
    public void What_a_sharded_job_frees_late_is_a_term_of_its_own()
    {
        var terms = Estimator.Explain(Llama with { NumGpus = 8, Parallelism = "zero3" }).Where(term => term.Component == Component.Allocator).ToArray();

        var calibrated = Assert.Single(terms, term => term.What == "calibrated on measured runs");
        Assert.Equal(Profile.Default[Knob.Cache] - 1, calibrated.Factors[0].Value, 6);
        Assert.Single(terms, term => term.What.StartsWith("freed late, on another stream", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_explained_of_an_unknown_model() => Assert.Empty(Estimator.Explain(new() { ModelName = "nothing" }));
}
