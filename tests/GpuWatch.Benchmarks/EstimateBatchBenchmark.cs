using System.Reactive.Concurrency;
using BenchmarkDotNet.Attributes;
using GpuWatch.Commands;
using GpuWatch.Jobs;

namespace GpuWatch.Benchmarks;

/// <summary>
/// `estimate --batch` of 10,000 rows, no two alike, from the CSV to the last line, beside a loop that only reads them. At most one second
/// (issue 3); <see cref="EstimateProcess"/> measures it with all that a process of its own pays.
/// </summary>
[MemoryDiagnoser]
public class EstimateBatchBenchmark
{
    private const int Rows = 10_000;
    private readonly string path = Path.Combine(Path.GetTempPath(), $"gpuwatch-{Guid.NewGuid():N}.csv");

    [GlobalSetup]
    public void WriteRows() => EstimateRows.Write(path, Rows);

    [GlobalCleanup]
    public void Delete() => File.Delete(path);

    [Benchmark(Baseline = true)]
    public int OnlyRead()
    {
        using var table = JobTable.Open(path);
        return table.Rows(path).Count(row => row.Job is not null);
    }

    [Benchmark]
    public int TenThousandRows() => Commands.CommandLine.Run(
        ["estimate", "--batch", path, "--output", "ndjson"],
        new Surroundings(TextWriter.Null, TextWriter.Null, false, _ => null, TimeProvider.System, Scheduler.Default, CancellationToken.None));
}
