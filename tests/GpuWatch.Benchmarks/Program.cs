using BenchmarkDotNet.Running;
using GpuWatch.Benchmarks.Cost;
using GpuWatch.Benchmarks.Jobs;

namespace GpuWatch.Benchmarks;

internal static class Program
{
    private static int Main(string[] args)
    {
        switch (args.FirstOrDefault())
        {
            case "cost":
                return CostRun.Run(args[1..]);
            case "jobs":
                return JobsCommand.Run(args[1..]);
            case "poll":
                return CostRun.Poll(args[1..]);
            case "estimate":
                return EstimateProcess.Run(args[1..]);
            case "sink":
                SinkThroughput.RunAsync(args[1..]).GetAwaiter().GetResult();
                return 0;
            case "spool":
                return SpoolBound.Run(args[1..]);
            default:
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
                return 0;
        }
    }
}
