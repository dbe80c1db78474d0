using BenchmarkDotNet.Attributes;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Benchmarks;

/// <summary>10,000 jobs must be estimated within a second.</summary>
[MemoryDiagnoser]
public class EstimatorBenchmark
{
    private static readonly Job[] Jobs =
    [
        .. Enumerable.Range(1, 10).Select(batch => new Job
        {
            ModelName = "meta-llama/Llama-2-7b-hf", Method = batch % 2 == 0 ? "qlora" : "full", WeightDtype = "bf16", Attention = "flash", MicroBatch = batch,
            SeqLen = 2048, GradCheckpointing = batch % 3 == 0 ? "full" : "none", LoraTargets = "all-linear", Optimizer = "adamw_torch",
        }),
    ];

    [Benchmark(OperationsPerInvoke = 10)]
    public long Estimate()
    {
        var sum = 0L;
        foreach (var job in Jobs)
        {
            sum += Estimator.Estimate(job).Plan!.PeakDevice.Likely.Count;
        }
        return sum;
    }
}
