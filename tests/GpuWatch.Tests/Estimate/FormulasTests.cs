using GpuWatch.Core.Estimate;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Estimate;

/// <summary>The plan's small formulas, each by the worked figure of the source it names.</summary>
public sealed class FormulasTests
{
    /// <summary>QLoRA (arXiv 2305.14314), section 3: constants of 0.5 bit a parameter, 0.127 with double quantisation; GPTQ with groups of 128.</summary>
    [Theory]
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
    [Theory]
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

    /// <summary>Measured (facts of Mistral-7B and Llama-3-8B): foreach AdamW peaks at 10 B a parameter in bf16, 8 that stay and 2 while it steps; fused at 8.</summary>
    [Theory]
    [InlineData("adamw_torch", 10)]
    [InlineData("adamw_fused", 8)]
    public void The_step_of_AdamW_holds_one_more_copy_only_as_foreach(string optimizer, int bytesEach)
    {
        const long all = 1000;
        TensorSize[] tensors = [TensorSize.Outside(all, 1)];
        var stepping = 2 * all + 2 * all + OptimizerStates.Kept(optimizer, tensors, 2) + OptimizerStates.WhileStepping(optimizer, tensors, 2, masters: false);
        Assert.Equal(bytesEach * all, stepping);
    }

    /// <summary>
    /// PyTorch's memory snapshots on cards before Hopper hold one block of 8,519,680 bytes after inference and two after training; NVIDIA recommends
    /// 32 MiB from Hopper on.
    /// </summary>
    [Theory]
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
