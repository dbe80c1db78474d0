using System.Globalization;
using System.Reactive.Concurrency;
using BenchmarkDotNet.Attributes;
using GpuWatch.Commands;

namespace GpuWatch.Benchmarks;

/// <summary>`estimate --batch` of 10,000 rows, no two alike, from the CSV to the last line: at most one second (issue 3).</summary>
[MemoryDiagnoser]
public class EstimateBatchBenchmark
{
    private const int Rows = 10_000;
    private readonly string path = Path.Combine(Path.GetTempPath(), $"gpuwatch-{Guid.NewGuid():N}.csv");

    [GlobalSetup]
    public void WriteRows()
    {
        string[] models = ["Llama-2-7B", "Llama-3.1-8B", "Mistral-7B", "Qwen2.5-0.5B", "gpt2-medium", "Mixtral-8x7B"];
        string[] methods = ["full", "lora", "qlora"];
        File.WriteAllLines(path, Enumerable.Range(0, Rows)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"r{i},{models[i % 6]},{methods[i / 6 % 3]},bf16,{1 + i / 18 % 8},{512 + 8 * (i / 144)},{(i % 2 == 0 ? "full" : "none")}"))
            .Prepend("id,model_name,method,weight_dtype,micro_batch,seq_len,grad_checkpointing"));
    }

    [GlobalCleanup]
    public void Delete() => File.Delete(path);

    [Benchmark]
    public int TenThousandRows() => Commands.CommandLine.Run(
        ["estimate", "--batch", path, "--output", "ndjson"],
        new Surroundings(TextWriter.Null, TextWriter.Null, false, _ => null, TimeProvider.System, Scheduler.Default, CancellationToken.None));
}
