using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Advice;
using GpuWatch.Core.Estimate.Cost;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Estimate.Advice;

public sealed class AdvisorTests
{
    private static readonly Room TwentyFour = new("a card", Bytes.FromGiB(24));

    [Fact]
    public void A_single_change_that_fits_comes_before_those_that_do_not()
    {
        var advice = Advise(new() { Method = "full", WeightDtype = "bf16", Amp = false, MicroBatch = 1, SeqLen = 512, Attention = "flash" }, TwentyFour);

        Assert.True(advice[0].Fits);
        Assert.All(advice, advised => Assert.True(advised.Saves > Bytes.Zero));
        Assert.Equal(advice.OrderByDescending(advised => advised.Fits).ToArray(), advice);
    }

    [Fact]
    public void A_micro_batch_is_halved_until_it_fits_and_the_step_stays_the_same()
    {
        var advice = Advise(new() { Method = "lora", WeightDtype = "bf16", MicroBatch = 32, GradAccum = 1, SeqLen = 512, Attention = "flash" }, TwentyFour);

        var smaller = advice.Single(advised => advised.Names is ["smaller micro-batch"]);
        Assert.True(smaller.Fits);
        Assert.Equal(32, smaller.Job.MicroBatch * smaller.Job.GradAccum);
        Assert.True(smaller.Job.MicroBatch > 1);
    }

    [Fact]
    public void What_keeps_the_training_as_it_is_comes_before_what_cuts_the_data()
    {
        var advice = Advise(new() { Method = "qlora", GradCheckpointing = "none", QuantBits = 4, MicroBatch = 4, SeqLen = 4096, Attention = "flash" }, TwentyFour);

        var fitting = advice.Where(advised => advised.Fits).Select(advised => advised.Names[0]).ToList();
        Assert.Contains("gradient checkpointing", fitting);
        Assert.True(fitting.IndexOf("gradient checkpointing") < fitting.IndexOf("shorter sequences"));
    }

    [Fact]
    public void Several_changes_are_put_together_when_no_single_one_is_enough_and_none_of_them_is_idle()
    {
        var job = new Job { Method = "full", WeightDtype = "fp32", Amp = true, MicroBatch = 64, SeqLen = 4096, Attention = "eager" };
        var advice = Advise(job, TwentyFour);

        var together = advice[0];
        Assert.True(together.Fits && together.Names.Length > 1);
        Assert.True(together.Plan.PeakDevice.Likely <= TwentyFour.Comfortable);
        Assert.Equal(Toy(job)!.PeakDevice.Likely - together.Plan.PeakDevice.Likely, together.Saves);
    }

    [Fact]
    public void What_leaves_the_least_on_the_GPU_without_giving_up_the_training_is_offered_too()
    {
        Job job = new() { ModelName = "Llama-2-7B", Method = "full", WeightDtype = "bf16", MicroBatch = 1, SeqLen = 2048, Attention = "flash" };
        Plan? Estimated(Job changed) => Estimator.Estimate(changed).Plan;

        var advice = Advisor.Advise(job, Estimated(job)!, TwentyFour, Estimated);

        var utmost = advice.Single(advised => advised.Names is ["gradient checkpointing", "ZeRO-3 with parameters in host memory"]);
        Assert.True(utmost.Fits);
        Assert.Equal(("zero3", "optimizer,params", "full"), (utmost.Job.Parallelism, utmost.Job.Offload, utmost.Job.Method));
    }

    [Fact]
    public void Nothing_is_advised_that_is_done_already()
    {
        var advice = Advise(
            new() { Method = "qlora", QuantBits = 4, WeightDtype = "bf16", Amp = false, MicroBatch = 1, SeqLen = 512, Attention = "flash", GradCheckpointing = "full", FusedCe = true, Optimizer = "paged_adamw_8bit", Offload = "optimizer" },
            TwentyFour);

        Assert.Empty(advice);
    }

    [Fact]
    public void A_smaller_model_is_of_the_same_family()
    {
        var advice = Advise(new() { ModelName = "Qwen2.5-7B", Method = "inference" }, new("a card", Bytes.FromGiB(4)));

        var smaller = advice.Single(advised => advised.Names is ["smaller model"]);
        Assert.StartsWith("Qwen", smaller.Job.ModelName);
    }

    [Fact]
    public void What_a_change_costs_in_time_is_what_the_cost_counts()
    {
        var job = new Job { ModelName = "Llama-2-7B", Method = "full", WeightDtype = "bf16", Amp = false, MasterWeights = false, MicroBatch = 1, SeqLen = 2048, Attention = "flash", CrossEntropy = "fused", Optimizer = "adamw_8bit" };
        var advice = Advise(job, TwentyFour);

        var computed = advice.Where(advised => advised.Names.All(name => name is "gradient checkpointing" or "LoRA" or "QLoRA" or "shorter sequences" or "smaller model")).ToArray();
        Assert.True(computed.Length >= 3);
        Assert.All(computed, advised => Assert.Equal(Seconds(advised.Job) / Seconds(job), advised.TimeFactor, 6));
        Assert.Equal(1, Seconds(job with { Method = "lora", GradCheckpointing = "full" }) / Seconds(job), 6);

        static double Seconds(Job job) => TrainingCost.Of(job with { GpuName = "A100" }, new(1000, 1, null, 0.4, 1, null)).SecondsPerStep!.Value;
    }

    private static readonly Job[] Jobs =
    [
        new() { ModelName = "Llama-2-7B", Method = "full", WeightDtype = "fp32", Amp = true, MicroBatch = 5, SeqLen = 4096, Attention = "eager" },
        new() { ModelName = "Llama-2-7B", Method = "full", WeightDtype = "bf16", MasterWeights = true, MicroBatch = 2, SeqLen = 2048, CrossEntropy = "hf", NumGpus = 4, Parallelism = "ddp" },
        new() { ModelName = "Qwen2.5-7B", Method = "lora", LoraRank = 8, WeightDtype = "fp16", SeqLen = 4096 },
        new() { ModelName = "Llama-2-7B", SeqLen = 1024, FusedCe = false, CrossEntropy = "hf2025", Architecture = new(Layers: 16) },
    ];

    public static TheoryData<int> JobNumbers { get; } = [.. Enumerable.Range(0, Jobs.Length)];

    [Theory]
    [MemberData(nameof(JobNumbers))]
    public void Whoever_writes_down_what_is_advised_gets_the_promised_plan(int number)
    {
        var job = Jobs[number];
        var advice = Advisor.Advise(job, Estimator.Estimate(job).Plan!, new("a card", Bytes.FromGiB(48)), it => Estimator.Estimate(it).Plan);

        Assert.NotEmpty(advice);
        Assert.All(advice, advised => Assert.Equal(advised.Plan.PeakDevice, Estimator.Estimate(Done(job, advised.Settings)).Plan!.PeakDevice));
    }

    /// <summary>The job after the words: "key value" sets a key, "no key" leaves it out.</summary>
    private static Job Done(Job job, IEnumerable<string> settings)
    {
        var written = JobKeys.All.Where(key => key.Get(job) is not null).ToDictionary(key => key.Name, key => key.Get(job)!);
        foreach (var words in settings.SelectMany(setting => setting.Split(", ")).Select(setting => setting.Split(' ', 2)))
        {
            if (words[0] == "no")
            {
                written.Remove(words[1]);
            }
            else
            {
                written[words[0]] = words[1];
            }
        }
        return JobReader.Read(written.Select(pair => new JobEntry("a test", pair.Key, pair.Value)));
    }

    private static Advised[] Advise(Job job, Room room) => [.. Advisor.Advise(job, Toy(job)!, room, Toy)];

    /// <summary>A toy of the estimator in which each setting has the sign it has in truth.</summary>
    private static Plan? Toy(Job job)
    {
        var parameters = ModelShape.Complete(job).From is { } known ? ParameterCount.Of(known)!.Value.Total / 1e9 : 7;
        var weights = parameters * (job.Method == "qlora" ? 0.5 : job.WeightDtype == "fp32" ? 4 : 2);
        var states = job.Method is "full" ? parameters * (job.Optimizer == "adamw_8bit" ? 2 : job.WeightDtype == "fp32" ? 8 : 4) * (job.Offload == "optimizer" ? 0 : 1) : 0;
        var tokens = (job.MicroBatch ?? 1) * (job.SeqLen ?? 512) / 1024.0;
        var activations = tokens * (job.GradCheckpointing == "full" ? 0.3 : 3) * (job.Attention == "eager" ? 2 : 1) * (job.Method == "inference" ? 0 : 1);
        var logits = tokens * (job.FusedCe == true ? 0 : 0.5) * (job.Method == "inference" ? 0 : 1);
        return SomePlan.OfGiB(weights + states + activations + logits + 1);
    }
}
