using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Estimate;

public sealed class CheckpointingTests
{
    private static readonly Job Unsaid = new() { ModelName = "meta-llama/Llama-2-7b-hf", Method = "qlora", MicroBatch = 4, SeqLen = 1024 };

    [Fact]
    public void A_qlora_job_that_does_not_say_is_checkpointed_as_peft_does_and_it_is_told()
    {
        var plan = Estimator.Estimate(Unsaid).Plan!;
        Assert.Equal(Estimator.Estimate(Unsaid with { GradCheckpointing = "full" }).Plan!.PeakDevice, plan.PeakDevice);
        Assert.True(Estimator.Estimate(Unsaid with { GradCheckpointing = "none" }).Plan!.PeakDevice.Likely > plan.PeakDevice.Likely);
        Assert.Contains(plan.Assumed, assumed => assumed.StartsWith("grad_checkpointing full (PEFT", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_job_that_does_not_say_is_not() =>
        Assert.Contains("grad_checkpointing none", Estimator.Estimate(Unsaid with { Method = "lora" }).Plan!.Assumed);
}
