using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Estimate;

/// <summary>Words of the vocabulary that people write as their trainer does.</summary>
public sealed class OptimizerAndOffloadTests
{
    private static readonly Job Full = new() { ModelName = "Llama-2-7B", Method = "full", WeightDtype = "bf16", MicroBatch = 2, SeqLen = 2048, GradCheckpointing = "full" };
    private const double Parameters = 6_738_415_616;

    /// <summary>Moments of a fourth of the numbers, and GaLore's projectors, which are as many.</summary>
    [Theory]
    [InlineData("adamw_torch", 4)]
    [InlineData("galore_adamw", 1 + 0.5)]
    [InlineData("apollo_adamw", 1)]
    [InlineData("galore_adamw_8bit", 0.508 + 0.5)]
    [InlineData("qgalore_adamw8bit", 0.508 + 0.125)]
    [InlineData("q-apollo-mini", 1)]
    public void An_optimizer_that_projects_gradients_has_small_states_whatever_the_method_is_called(string optimizer, double bytes) =>
        Assert.Equal(bytes, Of(Full with { Optimizer = optimizer }).Stations.FirstOptimizer.OptimizerStates.Count / Parameters, 0.01);

    [Fact]
    public void Projected_gradients_are_whole_before_the_step_unless_each_layer_steps_by_itself()
    {
        Assert.InRange(Of(Full with { Optimizer = "galore_adamw" }).Stations.FirstOptimizer.Gradients.Count / Parameters, 1.99, 2.01);
        Assert.Equal(Bytes.Zero, Of(Full with { Optimizer = "galore_adamw_layerwise" }).Stations.FirstOptimizer.Gradients);
        Assert.Equal(Bytes.Zero, Of(Full with { Optimizer = "qgalore_adamw8bit" }).Stations.FirstOptimizer.Gradients);
    }

    [Fact]
    public void Checkpoints_in_host_memory_leave_those_of_two_blocks()
    {
        var job = Full with { Method = "lora" };
        Assert.Equal((32 - 2) * 2L * 4096 * 2 * 2048, (Of(job).Phases.FirstForward - Of(job with { Offload = "activations" }).Phases.FirstForward).Count);
        Assert.True(Of(job with { Offload = "activations" }).PeakAllocated.Likely < Of(job).PeakAllocated.Likely);
    }

    [Fact]
    public void States_in_managed_memory_are_on_the_card_as_far_as_there_is_room()
    {
        var job = Full with { Optimizer = "paged_adamw_32bit" };
        Bytes Above(Plan plan) => plan.PeakDevice.Likely - plan.PeakReserved.Likely - plan.Components.Context;

        Assert.InRange(Above(Of(job)).Count / Parameters, 7.99, 8.01);
        Assert.InRange(Of(job).Stations.FirstOptimizer.OptimizerStates.GiB, 0, 0.01);
        var tight = Of(job with { GpuMemGb = 48 });
        Assert.InRange(Above(tight).GiB, 1, 25);
        Assert.True(tight.PeakDevice.Likely <= Bytes.FromGiB(48));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("full")]
    public void Qlora_by_its_name_and_by_its_format_is_one_job(string checkpointing)
    {
        var job = Full with { Method = "qlora", GradCheckpointing = checkpointing };
        var named = Of(job);
        Assert.Equal(named.PeakDevice, Of(job with { QuantFormat = "nf4", QuantBits = 4 }).PeakDevice);
        Assert.Equal(named.Phases.FirstBackward.GiB, Of(job with { QuantBits = 4 }).Phases.FirstBackward.GiB, 0.4);
    }

    private static Plan Of(Job job) => Estimator.Estimate(job).Plan!;
}
