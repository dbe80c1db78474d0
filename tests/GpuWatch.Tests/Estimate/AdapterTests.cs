using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Estimate;

/// <summary>Adapters beside those of a block's linears, each by PEFT's own layers: parameters counted by hand, and what a layer keeps for backward.</summary>
public sealed class AdapterTests
{
    private const long H = 512, F = 1376, V = 1000, Kv = H / 4, L = 4, N = 512, R = 8;

    private static readonly Job Lora = new()
    {
        Architecture = new(Block: "llama", Hidden: (int)H, Layers: (int)L, Heads: 8, KvHeads: 2, Intermediate: (int)F, Vocab: (int)V, TiedEmbeddings: false),
        Method = "lora", LoraRank = (int)R, LoraTargets = "q_proj", LoraDtype = "bf16", WeightDtype = "bf16", Attention = "flash", MicroBatch = 2, SeqLen = 256, Optimizer = "adamw_fused",
    };

    /// <summary>peft/tuners/lora/layer.py: Linear has A (rank × inputs) and B (outputs × rank), Embedding A (rank × rows) and B (width × rank).</summary>
    [Theory]
    [InlineData("q_proj", 0)]
    [InlineData("q_proj,lm_head", R * (H + V))]
    [InlineData("q_proj,embed_tokens", R * (V + H))]
    [InlineData("q_proj,lm_head,embed_tokens", 2 * R * (H + V))]
    public void Adapters_at_the_ends_of_a_model_are_trained_as_PEFT_counts_them(string targets, long more) =>
        Assert.Equal(L * R * (H + H) + more, Trained(Lora with { LoraTargets = targets }));

    [Fact]
    public void An_adapter_on_the_head_alone_leaves_the_blocks_without() =>
        Assert.Equal(R * (H + V), Trained(Lora with { LoraTargets = "lm_head" }));

    /// <summary>What a frozen head does not: it keeps its input, which the frozen norm before it does not, and what A makes of it.</summary>
    [Fact]
    public void The_heads_adapter_keeps_its_input()
    {
        var (with, without) = (Saved(Lora with { LoraTargets = "q_proj,lm_head" }), Saved(Lora));
        Assert.Equal(2 * N * (H + R), with - without);
    }

    [Fact]
    public void Rows_with_an_adapter_keep_what_A_makes_and_let_the_first_block_ask_for_gradients()
    {
        var (with, without) = (Saved(Lora with { LoraTargets = "embed_tokens", Architecture = Lora.Architecture with { Layers = 1 } }), Saved(Lora with { LoraTargets = "lm_head", Architecture = Lora.Architecture with { Layers = 1 } }));
        Assert.True(with > without);
    }

    /// <summary>arXiv 2402.09353, section 4.1: a magnitude for each output of an adapted linear; peft/tuners/lora/dora.py keeps base and adapter for its gradient.</summary>
    [Fact]
    public void DoRA_trains_magnitudes_and_keeps_both_factors()
    {
        var dora = Lora with { Method = "dora" };
        Assert.Equal(L * H, Trained(dora) - Trained(Lora));
        Assert.Equal(2 * 2 * N * H, PerLayer(dora) - PerLayer(Lora));
    }

    /// <summary>arXiv 2205.05638, section 3.3; peft/tuners/ia3/layer.py: keys and values as made, the MLP's product in fp32.</summary>
    [Fact]
    public void IA3_keeps_what_it_rescales()
    {
        var (ia3, prompt) = (Lora with { Method = "ia3", LoraTargets = null, LoraRank = null }, Lora with { Method = "ln_tuning", LoraTargets = null, LoraRank = null });
        Assert.Equal(2 * 2 * N * Kv + 4 * N * F, PerLayer(ia3) - PerLayer(prompt));
    }

    [Fact]
    public void Virtual_tokens_lengthen_each_sequence()
    {
        var prompt = Lora with { Method = "prompt_tuning", LoraTargets = null, LoraRank = null, SeqLen = 200, VirtualTokens = 56 };
        Assert.Equal(Saved(prompt with { SeqLen = 256, VirtualTokens = null, Method = "ln_tuning" }), Saved(prompt));
        Assert.Contains("virtual_tokens 100", Estimator.Estimate(prompt with { VirtualTokens = null }).Plan!.Assumed);
    }

    private static long Trained(Job job) => Resolver.Resolve(job).Work!.TrainedParameters;

    private static long Saved(Job job) => StepPlan.Of(new Tape(), Resolver.Resolve(job).Work!).Saved;

    private static long PerLayer(Job job) =>
        Saved(job with { Architecture = job.Architecture with { Layers = (int)L + 1 } }) - Saved(job);
}
