using BenchmarkDotNet.Attributes;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Benchmarks;

/// <summary>All folds over one sample of one process: observe, reconcile, forecast, alert. The budget is 20 µs, and no garbage in steady state.</summary>
[MemoryDiagnoser]
public class FoldBenchmarks
{
    private const int Samples = 10_000;
    private static readonly Job Declared = new()
    {
        Architecture = new Architecture(null, "llama", null, 2048, 6, 32, 4, 5632, 32000, false, false),
        Method = "full", WeightDtype = "bf16", Optimizer = "adamw_torch", GradCheckpointing = "none", Attention = "flash",
        CrossEntropy = "hf2025", MicroBatch = 1, SeqLen = 1024,
    };

    private readonly List<WatchEvent> events = [];
    private GpuFrame[] frames = [];

    [Params(true, false)]
    public bool WithJob { get; set; }

    /// <summary>Loading, a first step, then a saw-tooth of live bytes under a plateau with a leak's stairs: every rule is awake.</summary>
    [GlobalSetup]
    public void Setup()
    {
        frames = [.. Enumerable.Range(0, Samples).Select(i =>
        {
            var held = i < 20 ? 0.1 * i : i < 24 ? 2 : Math.Min(12, 8 + i / 50 * 0.02);
            var used = Bytes.FromGiB(0.4 + held);
            var live = Bytes.FromGiB(held * (0.3 + 0.06 * (i % 11)));
            return new GpuFrame(0.5 * i, 0, Bytes.FromGiB(16), used, null, null, [new ProcessReading(1, used, live, Bytes.FromGiB(held))]);
        })];
    }

    [Benchmark(OperationsPerInvoke = Samples)]
    public int AllFoldsOverOneSample()
    {
        events.Clear();
        var watch = new DeviceWatch(0, _ => WithJob ? Declared : null);
        foreach (var frame in frames)
        {
            watch.Observe(frame, events);
        }
        return events.Count;
    }
}
