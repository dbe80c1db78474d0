using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using GpuWatch.InProcess;
using GpuWatch.Nvml;

namespace GpuWatch.Benchmarks;

/// <summary>One look for what a process tells of PyTorch's allocator: at one that tells nothing, as most, and at one that does.</summary>
[MemoryDiagnoser]
public class TellerBenchmark
{
    private readonly TellerFile file = new();
    private TellerName known = null!;

    [Params(false, true)]
    public bool Tells { get; set; }

    [GlobalSetup]
    public void Open()
    {
        known = file.Look(Environment.ProcessId, null).Name!;
        if (Tells)
        {
            File.WriteAllText(Path, $$"""{"version": 1, "monotonic_ns": {{Stopwatch.GetTimestamp()}}, "period_s": 0.5, "devices": [{"index": 0, "allocated_bytes": 3, "reserved_bytes": 7, "allocated_peak_bytes": 3, "alloc_retries": 0, "ooms": 0}]}""");
        }
    }

    [GlobalCleanup]
    public void Close() => File.Delete(Path);

    /// <summary>The lower bound: what finding the start time of a process costs.</summary>
    [Benchmark(Baseline = true)]
    public long? StartTicks() => ProcStat.StartTicks(Environment.ProcessId);

    [Benchmark]
    public bool Look() => file.Look(Environment.ProcessId, known).Told is not null;

    private string Path => $"/dev/shm/{known.File}";
}
