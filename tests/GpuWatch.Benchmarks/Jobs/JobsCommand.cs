using System.Globalization;

namespace GpuWatch.Benchmarks.Jobs;

/// <summary>
/// `jobs OUT [--count N] [--seed N]`: writes jobs of the kind that were recorded, made of our own tape and allocator, on which rules can be
/// tried that were made with the recorded ones in view. The same seed writes the same bytes.
/// </summary>
internal static class JobsCommand
{
    public static int Run(string[] args)
    {
        if (args is not [var folder, ..])
        {
            Console.Error.WriteLine("jobs OUT [--count N] [--seed N]");
            return 2;
        }
        Directory.CreateDirectory(folder);
        var seed = Number(args, "--seed", 1);
        Parallel.For(0, Number(args, "--count", 120), number =>
        {
            var (course, ending) = Story.Of(seed, number);
            JobWriter.Write(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"job{number:0000}")), course, ending);
        });
        return 0;
    }

    private static int Number(string[] args, string name, int otherwise) =>
        Array.IndexOf(args, name) is var at and >= 0 ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
}
