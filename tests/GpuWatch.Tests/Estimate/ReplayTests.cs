using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Estimate;

public sealed class ReplayTests
{
    private static readonly Job Tuning = new()
    {
        ModelName = "meta-llama/Llama-2-7b-hf", Method = "lora", WeightDtype = "bf16", MicroBatch = 1, SeqLen = 2048, GradCheckpointing = "full",
        GpuMemGb = 80,
    };

    [SharedDataFact]
    public void Reserved_bytes_of_a_recorded_step_are_replayed_to_within_3_percent_at_the_median()
    {
        using var table = JobTable.Open(Path.Combine(SharedData.Folder!, "autograd.csv"));
        var column = table.Columns.IndexOf("peak_reserved_bytes");
        var errors = table.Rows("autograd.csv")
            .Select(row => Math.Abs((double)Estimator.Estimate(row.Job!).Plan!.PeakReserved.Likely.Count / long.Parse(row.Fields[column], null) - 1))
            .Order().ToList();

        Assert.Equal(110, errors.Count);
        Assert.InRange(errors[55], 0, 0.03);
        Assert.InRange(errors[99], 0, 0.15);
    }

    [Fact]
    public void What_the_allocator_caches_is_what_is_reserved_beyond_the_allocated_peak()
    {
        var plan = Estimator.Estimate(Tuning).Plan!;

        Assert.Equal(plan.PeakReserved.Likely - plan.PeakAllocated.Likely, plan.Components.Allocator);
        Assert.True(plan.Components.Allocator.Count > 0);
    }

    /// <summary>Few large tensors (logits of a vocabulary of 49152 over 6 small layers) leave holes in which none of them fits.</summary>
    [Theory]
    [InlineData(49152, 6, 1.2, 1.4)]
    [InlineData(8192, 24, 1, 1.1)]
    public void The_least_room_exceeds_the_live_peak_most_where_few_tensors_are_large(int vocab, int layers, double low, double high)
    {
        var job = new Job
        {
            Architecture = new Architecture(null, "llama", null, 576, layers, 9, 3, 1536, vocab, true, false), Method = "full", WeightDtype = "bf16", Amp = false,
            MasterWeights = false, Optimizer = "adamw_torch", GradCheckpointing = "full", Attention = "flash", CrossEntropy = "hf", MicroBatch = 2, SeqLen = 1024,
        };
        Assert.InRange(Estimator.Tightness(job), low, high);
    }

    [Fact]
    public void A_job_that_cannot_be_estimated_has_no_least_room() => Assert.Equal(1, Estimator.Tightness(new Job()));

    [Fact]
    public void Steps_of_other_lengths_leave_more_in_the_cache_than_steps_of_one() =>
        Assert.True(Cached(Tuning with { Packing = false }) > 2 * Cached(Tuning with { Packing = true }));

    private static long Cached(Job job) => Estimator.Estimate(job, Profile.Prior).Plan!.Components.Allocator.Count;
}
