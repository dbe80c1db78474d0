using System.Diagnostics;
using System.Globalization;

namespace GpuWatch.Benchmarks;

/// <summary>
/// `estimate PROGRAM [rounds]`: the published program over 10,000 rows, no two alike, and over one of them, in turns. What the former takes
/// longer is the time after the start: compiling and output included, at most one second (issue 3).
/// </summary>
internal static class EstimateProcess
{
    private const int Rows = 10_000;

    public static int Run(string[] args)
    {
        var program = args[0];
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 7;
        var folder = Directory.CreateTempSubdirectory("gpuwatch-estimate-");
        try
        {
            var (one, all) = (Path.Combine(folder.FullName, "one.csv"), Path.Combine(folder.FullName, "all.csv"));
            EstimateRows.Write(one, 1);
            EstimateRows.Write(all, Rows);
            var (starts, afters) = (new List<double>(), new List<double>());
            for (var round = 0; round < rounds; round++)
            {
                var start = Seconds(program, one);
                starts.Add(start);
                afters.Add(Seconds(program, all) - start);
            }
            Tell("start and one row, s", starts);
            Tell($"{Rows} rows after the start, s", afters);
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Seconds(string program, string table)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(program, ["estimate", "--batch", table, "--output", "ndjson"]) { RedirectStandardOutput = true })!;
        var lines = 0;
        while (process.StandardOutput.ReadLine() is not null)
        {
            lines++;
        }
        process.WaitForExit();
        return process.ExitCode == 0 && lines == File.ReadLines(table).Count() - 1
            ? watch.Elapsed.TotalSeconds
            : throw new InvalidOperationException($"{program} printed {lines} lines and ended with {process.ExitCode}");
    }

    private static void Tell(string what, List<double> values)
    {
        values.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: median {values[values.Count / 2]:0.00}, least {values[0]:0.00}, most {values[^1]:0.00}"));
    }
}
