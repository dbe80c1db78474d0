using System.Globalization;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Backtest;

/// <summary>A whole recorded job: its frames, what was declared of it and what became of it.</summary>
internal sealed record RecordedJob(string Name, GpuFrame[] Frames, Job? Declared, Truth Truth)
{
    private const string TruthSuffix = ".truth.json";

    /// <summary>All jobs of a folder by name: NAME.csv, NAME.truth.json and, where it exists, NAME.job.json.</summary>
    public static IEnumerable<RecordedJob> InFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new BadInputException(folder, "there is no such folder", "expected a folder of NAME.csv with NAME.truth.json");
        }
        var truths = Directory.GetFiles(folder, "*" + TruthSuffix);
        Array.Sort(truths, StringComparer.Ordinal);
        return truths.Length > 0
            ? truths.Select(path => Read(path[..^TruthSuffix.Length], path)).Where(job => job.Frames.Length > 0)
            : throw new BadInputException(folder, "it holds no *.truth.json", "expected a folder of NAME.csv with NAME.truth.json");
    }

    private static RecordedJob Read(string stem, string truth)
    {
        var declared = stem + ".job.json";
        return new RecordedJob(
            Path.GetFileName(stem), [.. Rows(stem + ".csv")], File.Exists(declared) ? JobFile.Read(declared) : null, Truth.Read(truth));
    }

    private static IEnumerable<GpuFrame> Rows(string path)
    {
        foreach (var line in File.ReadLines(path).Skip(1))
        {
            var cells = line.Split(',');
            var reading = new ProcessReading(int.Parse(cells[2], CultureInfo.InvariantCulture), Size(cells[3]), Size(cells[6]), Size(cells[7]));
            yield return new GpuFrame(
                double.Parse(cells[0], CultureInfo.InvariantCulture), 0, Size(cells[5])!.Value, Size(cells[4])!.Value, null, null, [reading]);
        }
    }

    private static Bytes? Size(string cell) => cell.Length == 0 ? null : new Bytes(long.Parse(cell, CultureInfo.InvariantCulture));
}
