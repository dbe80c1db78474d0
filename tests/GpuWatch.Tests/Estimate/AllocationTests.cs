using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Estimate;

/// <summary>A warm estimate allocates its result and the job as it was resolved; nothing for a component, a layer, an operation or a storage.</summary>
public sealed class AllocationTests
{
    /// <summary>The job with its shape filled in, its blocks, steps and workload: a handful of records, whatever the job.</summary>
    private const int OfResolving = 2560;

    [Theory]
    [InlineData("gpt2-medium", "full", "adamw_torch", "none", "eager")]
    [InlineData("Llama-2-7B", "lora", "adamw_fused", "full", "flash")]
    [InlineData("Mixtral-8x7B", "full", "adamw_8bit", "none", "eager")]
    [InlineData("Llama-3.1-70B", "qlora", "paged_adamw_8bit", "full", "sdpa")]
    [InlineData("Mistral-7B", "inference", null, "none", "sdpa")]
    public void An_estimate_allocates_little_beside_its_result(string model, string method, string? optimizer, string checkpointing, string attention)
    {
        var job = new Job { ModelName = model, Method = method, Optimizer = optimizer, GradCheckpointing = checkpointing, Attention = attention, MicroBatch = 2, Packing = false };
        Assert.InRange(Allocated(() => Estimator.Estimate(job)) - OfCopy(Estimator.Estimate(job).Plan!), 0, OfResolving);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("lora")]
    [InlineData("qlora")]
    public void Layers_and_tokens_allocate_nothing(string method)
    {
        Job Of(int layers, int length) => new()
        {
            Method = method, SeqLen = length,
            Architecture = new(Hidden: 1024, Layers: layers, Heads: 16, KvHeads: 16, Intermediate: 2816, Vocab: 32_000, TiedEmbeddings: false, QkvBias: false),
        };
        var least = Allocated(() => Estimator.Estimate(Of(2, 128)), () => Estimator.Estimate(Of(120, 8192)));
        Assert.Equal(least[0], least[1]);
    }

    /// <summary>Bytes a copy of everything in the plan takes, words included.</summary>
    private static long OfCopy(Plan plan) => Allocated(() => plan with
    {
        Assumed = [.. plan.Assumed.Select(said => new string(said.AsSpan()))], Warnings = [.. plan.Warnings.Select(said => new string(said.AsSpan()))],
    });

    private static long Allocated(Func<object> make) => Allocated([make])[0];

    /// <summary>
    /// Bytes of one call of each, the scratch of this thread being as large as it needs: the least of several, since the runtime compiles in between, and
    /// taken in turns, since what it has compiled anew may allocate less.
    /// </summary>
    private static long[] Allocated(params Func<object>[] makes)
    {
        long[] least = [.. makes.Select(_ => long.MaxValue)];
        for (var round = 0; round < 40; round++)
        {
            for (var i = 0; i < makes.Length; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                GC.KeepAlive(makes[i]());
                least[i] = Math.Min(least[i], GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }
        return least;
    }
}
