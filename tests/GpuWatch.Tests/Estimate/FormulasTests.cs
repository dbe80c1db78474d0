using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Formulas;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Estimate;

/// <summary>The plan's small formulas, each by the worked figure of the source it names.</summary>
public sealed class FormulasTests
{
    /// <summary>QLoRA (arXiv 2305.14314), section 3: constants of 0.5 bit a parameter, 0.127 with double quantisation; GPTQ with groups of 128.</summary>
    [Theory, Example("QuantisedWeights.BytesPerWeight")]
    [InlineData("nf4", 4, 4.5)]
    [InlineData("nf4-dq", 4, 4.127)]
    [InlineData("gptq", 4, 4.15625)]
    [InlineData("int8", 8, 8)]
    public void A_quantised_weight_has_the_bits_its_paper_says(string format, int bits, double expected) =>
        Assert.Equal(expected, 8 * QuantisedWeights.BytesPerWeight(format, bits), 3);

    /// <summary>
    /// Dettmers et al. (arXiv 2110.02861): 8 bytes a parameter become 2, and two fp32 scales for each block of 256. torchao's README: 4-bit states are
    /// half a byte each.
    /// </summary>
    [Theory, Example("OptimizerStates.Kept")]
    [InlineData("adamw_torch", 4, 8)]
    [InlineData("adamw_torch", 2, 4)]
    [InlineData("adamw_8bit", 2, 2.03125)]
    [InlineData("adamw_4bit", 2, 1.0625)]
    [InlineData("lion", 4, 4)]
    [InlineData("sgd_momentum", 4, 4)]
    [InlineData("sgd", 4, 0)]
    public void An_optimizer_keeps_the_bytes_a_parameter_that_its_paper_says(string optimizer, int width, double bytesEach) =>
        Assert.Equal(bytesEach, OptimizerStates.Kept(optimizer, 1 << 24, width) / (double)(1 << 24), 5);

    /// <summary>bitsandbytes: tensors of fewer than 4096 numbers keep fp32 moments.</summary>
    [Fact]
    public void Small_tensors_of_an_8_bit_optimizer_stay_in_fp32() => Assert.Equal(8 * 4095, OptimizerStates.Kept("adamw_8bit", 4095, 2));

    /// <summary>Hugging Face docs, perf_train_gpu_one: BERT-large in fp32 needs 14,949 MiB with AdamW and 12,295 with Adafactor.</summary>
    [Fact]
    public void Adafactor_keeps_next_to_nothing()
    {
        const long bertLarge = 335_141_888;
        var saved = OptimizerStates.Kept("adamw_torch", bertLarge, 4) - OptimizerStates.Kept("adafactor", bertLarge, 4);
        Assert.InRange(saved / ((14_949 - 12_295) * 1048576.0), 0.95, 1.05);
    }

    /// <summary>
    /// Measured: foreach AdamW peaks at 10 B a parameter in bf16 (Mistral-7B, 67.46 GiB; Llama-3-8B, 74.80), 8 that stay and 2 while it steps, and at 20 in fp32
    /// (both on 2 GPUs); fused at 8.
    /// </summary>
    [Theory, Example("OptimizerStates.WhileStepping")]
    [InlineData("adamw_torch", 2, 10)]
    [InlineData("adamw_torch", 4, 20)]
    [InlineData("adamw_fused", 2, 8)]
    public void The_step_of_AdamW_holds_one_more_copy_only_as_foreach(string optimizer, int width, int bytesEach)
    {
        const long all = 1000;
        TensorSize[] tensors = [TensorSize.Outside(all, 1)];
        var stepping = width * all + width * all + OptimizerStates.Kept(optimizer, tensors, width) + OptimizerStates.WhileStepping(optimizer, tensors, width, masters: false);
        Assert.Equal(bytesEach * all, stepping);
    }

    /// <summary>GaLore: P is m × r; a matrix of 4096 × 4096 at the published rank of 1024, in bf16 and in Q-GaLore's 4 bits.</summary>
    [Theory, Example("OptimizerStates.Projectors")]
    [InlineData("galore_adamw", 4096 * 1024 * 2)]
    [InlineData("qgalore_adamw8bit", 4096 * 1024 / 2)]
    [InlineData("apollo_adamw", 0)]
    public void A_projector_is_a_fourth_of_its_matrix(string optimizer, long expected) =>
        Assert.Equal(expected, OptimizerStates.Projectors("full", optimizer, 4096 * 4096));

    /// <summary>ZeRO (arXiv 1910.02054), figure 1: 7.5 billion parameters on 64 GPUs, K = 12: 120, 31.4, 16.6 and 1.9 GB.</summary>
    [Theory, Example("Shared.Masters")]
    [InlineData("ddp", 120)]
    [InlineData("zero1", 31.4)]
    [InlineData("zero2", 16.6)]
    [InlineData("zero3", 1.88)]
    public void The_stages_of_ZeRO_hold_what_its_first_figure_says(string parallelism, double gigabytes)
    {
        // 2.5 times the width-to-depth of GPT-2: 7.5 billion, nearly all of them in blocks.
        var job = new Job
        {
            Architecture = new(Block: "gpt2", Hidden: 4096, Layers: 37, Heads: 32, Intermediate: 16384, Vocab: 5000, Positions: 1024),
            Method = "full", WeightDtype = "bf16", MasterWeights = true, Optimizer = "adamw_fused", SeqLen = 128, NumGpus = 64, Parallelism = parallelism,
        };
        var parts = Estimator.Estimate(job).Plan!.Stations.FirstOptimizer;
        var states = parts.Weights + parts.MasterWeights + parts.Gradients + parts.OptimizerStates;
        Assert.InRange(states.Count / 1e9 / gigabytes, 0.98, 1.02);
    }

    private const long BlockOfLlama8B = 218_112_000, EndsOfLlama8B = 2 * 128_256 * 4096L;

    /// <summary>torchtitan's Llama-3-8B: two bf16 blocks and the root, whose matrices are 2 · 2 · V · h bytes; one block's gradients in fp32.</summary>
    [Fact, Example("Shared.GatheredBlocks"), Example("Shared.GatheredRoot"), Example("Shared.WaitingGradients")]
    public void Fsdp_gathers_two_blocks_and_the_root_and_reduces_one_block_in_fp32()
    {
        Assert.Equal(872_448_000, Shared.GatheredBlocks(2 * BlockOfLlama8B));
        Assert.Equal(2 * 2 * 128_256 * 4096L, Shared.GatheredRoot(EndsOfLlama8B, 2, 1));
        Assert.Equal(872_448_000, Shared.WaitingGradients(BlockOfLlama8B, 2, reducedIn32: true));
        Assert.Equal(436_224_000, Shared.WaitingGradients(BlockOfLlama8B, 2, reducedIn32: false));
        var job = new Job { ModelName = "meta-llama/Llama-3.1-8B", Method = "full", WeightDtype = "fp32", Amp = true, SeqLen = 512, NumGpus = 8, Parallelism = "fsdp-full" };
        var communication = Estimator.Estimate(job).Plan!.Stations.FirstBackward.Communication.Count;
        Assert.InRange(communication / (872_448_000.0 + 2 * EndsOfLlama8B + 872_448_000), 0.97, 1.03);
    }

    /// <summary>PyTorch's DistributedDataParallel: a second copy of all gradients unless gradient_as_bucket_view; bf16 Llama-3-8B 16.06 GB.</summary>
    [Fact, Example("Shared.DdpBuckets")]
    public void Buckets_of_ddp_are_the_gradients_once_more() => Assert.Equal(16_060_522_496, Shared.DdpBuckets(8_030_261_248, 2, 1));

    /// <summary>Narayanan et al., figure 4: four stages, eight micro-batches, four of them in flight at the first stage.</summary>
    [Theory, Example("Shared.InFlight")]
    [InlineData(8, 4, 4)]
    [InlineData(2, 4, 2)]
    public void Of_1F1B_as_many_micro_batches_are_in_flight_as_there_are_stages(int microBatches, int stages, int expected) =>
        Assert.Equal(expected, Shared.InFlight(microBatches, stages));

    /// <summary>Korthikanti et al., table 2: with sequence parallelism everything is divided by t, sbh/t (34 + 5as/h).</summary>
    [Fact, Example("Shared.Tokens")]
    public void Sequence_parallelism_leaves_a_tth_of_the_tokens() => Assert.Equal((256, 1), (Shared.Tokens(2048, 8), Shared.Tokens(4, 8)));

    /// <summary>torchtitan, Llama-2-7B: 12.5 h, 51,200 bytes a token and layer.</summary>
    [Fact, Example("Beside.Selective")]
    public void Selective_checkpointing_keeps_12_5_h_a_token_and_layer() => Assert.Equal(51_200 * 32, Beside.Selective(4096, 1, 32));

    /// <summary>Llama-2-7B: 3 · 4096 + 11008 numbers a token in fp32, 91 KiB of each block.</summary>
    [Fact, Example("Beside.KbitInputs")]
    public void Four_bit_linears_keep_four_bytes_of_each_number_that_goes_into_them() =>
        Assert.Equal(93_184, Beside.KbitInputs(1, 3 * 4096 + 11_008));

    /// <summary>Inputs of 30 of Llama-2-7B's 32 blocks, 8 KiB a token each in bf16.</summary>
    [Fact, Example("Beside.BelowTrained"), Example("Beside.Offloaded")]
    public void Of_32_blocks_the_inputs_of_30_lie_below_those_that_are_trained_or_wait_in_host_memory() =>
        Assert.Equal((30 * 8192, 30 * 8192), (Beside.BelowTrained(4096, 1, 32, 2, 2), Beside.Offloaded(4096, 1, 32, 1, 2)));

    /// <summary>Saved-tensor hooks: 20 n h + 8 n f of a trained block, 12 n h + 6 n f of a frozen one, bf16 and flash.</summary>
    [Fact, Example("Beside.InTurn")]
    public void A_block_in_its_turn_keeps_what_a_trained_one_keeps_more() =>
        Assert.Equal((20 - 12) * 10 * 4096 + (8 - 6) * 10 * 11008, Beside.InTurn(4096, 11008, 10, 1, 2));

    /// <summary>transformers.Trainer adds up the logits of each batch: of three, two are there while the third is made.</summary>
    [Theory, Example("Beside.EvaluationLogits")]
    [InlineData(3, 200)]
    [InlineData(1, 0)]
    [InlineData(0, 0)]
    public void Logits_of_an_evaluation_are_kept_until_they_are_gathered(int batches, long expected) => Assert.Equal(expected, Beside.EvaluationLogits(100, batches));

    /// <summary>Liger on Llama-3 (V 128,256, h 4096): logits of 8192 rows in 32 chunks of 256; of 8000 rows the chunk is rounded up to 256.</summary>
    [Theory, Example("Tape.Chunk")]
    [InlineData(8192, 256)]
    [InlineData(8000, 256)]
    [InlineData(100, 4)]
    public void A_chunk_of_Ligers_loss_is_about_as_wide_as_the_hidden_state(long rows, long expected) =>
        Assert.Equal(expected, Tape.Chunk(rows, new Weight(4096, 128_256, 0, 2, true)));

    /// <summary>V100: 1343 MiB (Hugging Face docs); A100 with lazy loading 0.5–0.9 GiB (ml-engineering); RTX cards 107 to 555 MiB (public issues).</summary>
    [Theory, Example("Contexts.Usual")]
    [InlineData("Tesla V100", 1.1, 1.45)]
    [InlineData("A100-80GB", 0.5, 0.9)]
    [InlineData("RTX 3090", 0.1, 0.55)]
    public void A_context_is_as_large_as_its_generations_were_measured(string gpu, double least, double most) => Assert.InRange(Contexts.Usual(gpu), least, most);

    /// <summary>
    /// PyTorch's memory snapshots on cards before Hopper hold one block of 8,519,680 bytes after inference and two after training; NVIDIA recommends
    /// 32 MiB from Hopper on.
    /// </summary>
    [Theory, Example("Cublas.Workspace")]
    [InlineData("full", "A100-80GB", 2 * 8_519_680L)]
    [InlineData("inference", "A100-80GB", 8_519_680L)]
    [InlineData("full", "H100", 2 * 33_554_432L)]
    [InlineData("load", "A100-80GB", 0)]
    public void A_named_card_brings_a_cuBLAS_workspace_for_each_thread_that_multiplies(string method, string gpu, long expected)
    {
        var job = DeclaredRun.Job with { Method = method };
        var named = job with { GpuName = gpu };
        Assert.Equal(expected, (Estimator.Estimate(named).Plan!.PeakAllocated.Likely - Estimator.Estimate(job).Plan!.PeakAllocated.Likely).Count);
        Assert.Equal(expected > 0, Estimator.Explain(named).Any(term => term.What.Contains("cuBLAS", StringComparison.Ordinal)));
    }
}
