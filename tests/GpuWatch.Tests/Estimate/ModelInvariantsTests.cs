using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Estimate;

/// <summary>What must hold of every architecture, whatever was measured.</summary>
public sealed class ModelInvariantsTests
{
    private static readonly Job Full = new()
    {
        Method = "full", WeightDtype = "bf16", Amp = false, Optimizer = "adamw_fused", GradCheckpointing = "none", Attention = "flash", CrossEntropy = "hf2025",
        MicroBatch = 1, SeqLen = 512,
    };

    public static TheoryData<string> Models { get; } = [.. Catalogue.All.Select(shape => shape.Name!)];

    [Theory]
    [MemberData(nameof(Models))]
    public void The_trained_tensors_are_the_models_parameters(string model)
    {
        var work = Resolver.Resolve(Full with { ModelName = model }).Work!;
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        Assert.Equal(ParameterCount.Of(Catalogue.Find(model)!)!.Value.Total, TensorSizes.Sum(tensors[..TensorSizes.Of(work.Step, tensors)]));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_parameter_has_a_gradient_and_two_moments(string model)
    {
        var plan = Estimator.Estimate(Full with { ModelName = model }).Plan!;
        var weights = (double)plan.Stations.Load.Weights.Count;
        Assert.InRange(plan.Stations.FirstOptimizer.Gradients.Count / weights, 0.998, 1.002);
        Assert.InRange(plan.Stations.FirstOptimizer.OptimizerStates.Count / weights, 1.9999, 2.0001);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Most_of_a_model_is_played_and_not_only_counted(string model)
    {
        var step = Resolver.Resolve(Full with { ModelName = model }).Work!.Step;
        // T5's cross attention is a sixth of its blocks.
        Assert.InRange((double)step.Block.Unplayed / (TensorSizes.InBlock(step.Block) + 1), 0, 0.2);
    }

    [Fact]
    public void A_classifier_trains_its_whole_embedding()
    {
        var plan = Estimator.Estimate(Full with { ModelName = "bert-base-uncased", CrossEntropy = "classification" }).Plan!;
        Assert.InRange(plan.Components.OptimizerStates.Count / (4 * 109.5e6), 0.99, 1.01);
        Assert.InRange(plan.Stations.FirstOptimizer.Gradients.Count / (2 * 109.5e6), 0.99, 1.01);
    }
}
