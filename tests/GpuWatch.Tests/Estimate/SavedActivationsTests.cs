using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Estimate;

/// <summary>What a layer saves for backward, held against closed forms measured with PyTorch's saved-tensor hooks.</summary>
public sealed class SavedActivationsTests
{
    private const long H = 512, F = 1376, A = 8, S = 256, B = 2, N = B * S, Scores = B * A * S * S;

    private static readonly Job Llama = new()
    {
        Architecture = new(Block: "llama", Hidden: (int)H, Layers: 4, Heads: (int)A, KvHeads: 2, Intermediate: (int)F, Vocab: 1000),
        Method = "full", WeightDtype = "bf16", CrossEntropy = "hf", MicroBatch = (int)B, SeqLen = (int)S, Optimizer = "adamw_fused",
    };

    [Fact]
    public void A_llama_layer_with_eager_attention_saves_24nh_8nf_6S() =>
        AssertLayer(24 * N * H + 8 * N * F + 6 * Scores, Llama with { Attention = "eager" });

    [Fact]
    public void A_llama_layer_with_flash_attention_saves_20nh_4nk_8nf_4an() =>
        AssertLayer(20 * N * H + 4 * N * H / 4 + 8 * N * F + 4 * A * N, Llama with { Attention = "flash" });

    [Fact]
    public void A_llama_layer_under_autocast_saves_30nh_4nk_8nf_4an_and_casts_of_its_weights()
    {
        var weights = 2 * (2 * H * H + 2 * H * H / 4 + 3 * H * F);
        AssertLayer(30 * N * H + 4 * N * H / 4 + 8 * N * F + 4 * A * N + weights, Llama with { Attention = "flash", WeightDtype = "fp32", Amp = true });
    }

    [Fact]
    public void A_llama_layer_in_fp32_saves_40nh_16nf_4S() =>
        AssertLayer(40 * N * H + 16 * N * F + 4 * Scores, Llama with { Attention = "eager", WeightDtype = "fp32" });

    [Fact]
    public void A_frozen_llama_layer_with_lora_saves_12nh_4nk_6nf_4an_and_three_bytes_of_each_adapted_input()
    {
        var adapters = 3 * N * H * 3 + N * 8 * 3 * 4;
        var job = Llama with { Attention = "flash", Method = "lora", LoraRank = 8, LoraTargets = "q,k,v", LoraDropout = 0.1, LoraDtype = "bf16" };
        AssertLayer(12 * N * H + 4 * N * H / 4 + 6 * N * F + 4 * A * N + adapters, job, within: 0.02);
    }

    [Fact]
    public void Checkpointing_leaves_only_a_blocks_input() =>
        AssertLayer(2 * N * H, Llama with { Attention = "eager", GradCheckpointing = "full" });

    [Fact]
    public void A_gpt2_layer_is_korthikantis_34_sbh_with_an_fp32_softmax_and_a_composed_gelu()
    {
        // 5·a·s²·b with a 16-bit softmax; in fp32 it keeps 4 bytes instead of 2. gelu_new keeps five tensors instead of two.
        var job = Llama with
        {
            Attention = "eager",
            Architecture = new(Block: "gpt2", Hidden: (int)H, Layers: 4, Heads: (int)A, Intermediate: (int)(4 * H), Vocab: 1000),
        };
        AssertLayer(34 * N * H + 7 * Scores + 6 * N * 4 * H, job);
    }

    /// <summary>
    /// T5 as transformers runs it: of an encoder layer 26 n h + 5 n f + 7 S (two norms 16, q, k, v and what attention gives 8, two dropout masks; ReLU, mask and dropped MLP;
    /// fp32 softmax, mask and dropped copy; gated 15 n f: gelu_new keeps x, ½x, tanh and 1 + tanh, the product its two factors and a mask), of a decoder layer 17 n h + 7 S more for what it reads (a norm 8, q, k, v and what attention gives 8, a mask). The encoder's output
    /// is kept once.
    /// </summary>
    [Theory]
    [InlineData("t5", 10)]
    [InlineData("t5_gated", 30)]
    public void A_layer_of_each_stack_of_T5_saves_69nh_and_21S_together(string block, int mlp)
    {
        var job = Llama with
        {
            Architecture = new(Block: block, Hidden: (int)H, Layers: 8, Heads: (int)A, Intermediate: (int)F, Vocab: 1000), Attention = "eager",
        };
        var (deep, shallow) = (Saved(job with { Architecture = job.Architecture with { Layers = 10 } }), Saved(job));
        Assert.Equal(1, (deep - shallow) / (69.0 * N * H + mlp * N * F + 21 * Scores), 0.001);
    }

    [Fact]
    public void A_checkpointed_layer_of_each_stack_of_T5_leaves_their_two_inputs()
    {
        var job = Llama with
        {
            Architecture = new(Block: "t5", Hidden: (int)H, Layers: 8, Heads: (int)A, Intermediate: (int)F, Vocab: 1000), GradCheckpointing = "full",
        };
        Assert.Equal(4 * N * H, Saved(job with { Architecture = job.Architecture with { Layers = 10 } }) - Saved(job));
    }

    private static void AssertLayer(long expected, Job job, double within = 0.001)
    {
        var deep = Saved(job with { Architecture = job.Architecture with { Layers = 5 } });
        var shallow = Saved(job with { Architecture = job.Architecture with { Layers = 4 } });
        Assert.InRange((double)(deep - shallow), expected * (1 - within), expected * (1 + within));
    }

    private static long Saved(Job job) => StepPlan.Of(new Tape(), Resolver.Resolve(job).Work!).Saved;
}
