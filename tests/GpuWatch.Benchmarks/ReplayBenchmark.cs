using BenchmarkDotNet.Attributes;
using GpuWatch.Commands;
using GpuWatch.Trace;

namespace GpuWatch.Benchmarks;

/// <summary>
/// A trace of 200,000 rows: a bare loop over its lines, the reader alone, and the whole replay with folds and events. The goal is
/// 200,000 rows a second: a second or less for the replay.
/// </summary>
[MemoryDiagnoser]
[SimpleJob(warmupCount: 1, iterationCount: 5)]
public class ReplayBenchmark
{
    private const int Rows = 200_000;
    private string file = "";

    [GlobalSetup]
    public void Write()
    {
        file = Path.GetTempFileName();
        using var writer = new StreamWriter(file);
        writer.WriteLine("time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes");
        for (var row = 0; row < Rows; row++)
        {
            // A saw-tooth of some GiB, like the steps of a training job.
            var used = (4L << 30) + (row % 7 * (300L << 20));
            writer.WriteLine(FormattableString.Invariant($"{row * 0.5},0,4242,{used},{used + (2L << 30)},{16L << 30},,"));
        }
    }

    [GlobalCleanup]
    public void Delete() => File.Delete(file);

    [Benchmark(Baseline = true)]
    public int Lines()
    {
        var count = 0;
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is not null)
        {
            count++;
        }
        return count;
    }

    [Benchmark]
    public int Reader() => Recording.Read(file, new RecordingOptions(), _ => { }).Count();

    [Benchmark]
    public int Replay()
    {
        var arguments = new[] { "replay", file, "--output", "ndjson" };
        return Commands.CommandLine.Run(arguments, new Surroundings(
            TextWriter.Null, TextWriter.Null, false, _ => null, TimeProvider.System, System.Reactive.Concurrency.Scheduler.Default, CancellationToken.None));
    }
}
