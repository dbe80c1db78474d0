using GpuWatch.Core.Estimate.Cost;
using GpuWatch.Core.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Estimate.Cost;

public sealed class TrainingCostTests
{
    private static readonly Job Seven = new()
    {
        Architecture = new(ParametersBillion: 7),
        Method = "full",
        WeightDtype = "fp16",
        MicroBatch = 32,
        SeqLen = 1024,
        GpuName = "A100-80GB",
    };

    [Fact]
    public void The_resource_guides_example_is_939_steps_and_1408_seconds()
    {
        var cost = TrainingCost.Of(Seven, new(10_000, 3, 1.5, 0.4, 1, null));

        Assert.Equal((313, 939), (cost.StepsPerEpoch, cost.Steps));
        Assert.Equal(1408.5, cost.Seconds);
        Assert.Null(cost.Money);
    }

    [Theory]
    [InlineData("full", 6)]
    [InlineData("lomo", 6)]
    [InlineData("galore", 6)]
    [InlineData("lora", 4)]
    [InlineData("inference", 2)]
    public void Operations_follow_what_the_method_trains_and_the_length_the_plan_assumes(string method, double passes)
    {
        var job = new Job { ModelName = "Llama-2-7B", Method = method, SeqLen = 1 };

        Assert.InRange(Flops.PerToken(job)!.Value / (passes * 6.6e9), 0.99, 1.01);
        Assert.Equal(TrainingCost.Of(job with { SeqLen = method == "inference" ? 256 : 1024 }, new(10, 1, null, 0.4, 1, null)), TrainingCost.Of(job with { SeqLen = null }, new(10, 1, null, 0.4, 1, null)));
    }

    [Fact]
    public void The_resource_guides_three_hours_cost_81_24_CNY()
    {
        var threeHours = 3 * 3600 / 939.0;
        var price = GpuPrice.Of("A100-80GB", null)!;
        var cost = TrainingCost.Of(Seven, new(10_000, 3, threeHours, 0.4, 1, price.PerHour));

        Assert.Equal("CNY", price.Currency);
        Assert.Equal(81.24, cost.Money!.Value, 6);
    }

    [Fact, Example("Flops.PerToken")]
    public void A_step_by_operations_takes_11_seconds_at_40_percent_and_14_7_with_checkpointing()
    {
        var question = new CostQuestion(10_000, 3, null, 0.4, 1, null);

        Assert.Equal(1.376e15, TrainingCost.Of(Seven, question).FlopsPerStep!.Value, 1e12);
        Assert.Equal(11.0, TrainingCost.Of(Seven, question).SecondsPerStep!.Value, 0.05);
        Assert.Equal(14.7, TrainingCost.Of(Seven with { GradCheckpointing = "full" }, question).SecondsPerStep!.Value, 0.05);
    }

    [Fact]
    public void Frozen_weights_spare_a_third_and_inference_two_thirds_of_the_operations()
    {
        var full = Flops.PerToken(Seven)!.Value;

        Assert.Equal(full * 4 / 6, Flops.PerToken(Seven with { Method = "lora" })!.Value, 1);
        Assert.Equal(full * 2 / 6, Flops.PerToken(Seven with { Method = "inference" })!.Value, 1);
    }

    [Fact]
    public void Of_a_mixture_only_the_experts_a_token_meets_are_counted() =>
        Assert.Equal(12.75e9, Flops.ActiveParameters(Catalogue.Find("Mixtral-8x7B")!)!.Value, 0.05e9);

    [Fact]
    public void Accumulation_and_ranks_make_the_batch_and_a_last_partial_batch_is_a_step()
    {
        var job = Seven with { MicroBatch = 2, GradAccum = 4, NumGpus = 4, Parallelism = "zero3" };
        var cost = TrainingCost.Of(job, new(100, 1, 1, 0.4, 2, 10));

        Assert.Equal(4, cost.Steps);
        Assert.Equal(4 * 2 * 4 / 3600.0, cost.GpuHours!.Value, 9);
        Assert.Equal(cost.GpuHours * 10, cost.Money);
    }

    [Fact]
    public void An_unknown_GPU_gives_steps_but_no_time()
    {
        var cost = TrainingCost.Of(Seven with { GpuName = null }, new(100, 1, null, 0.4, 1, 1));

        Assert.Equal((4, null, null), (cost.Steps, cost.Seconds, cost.Money));
    }
}
