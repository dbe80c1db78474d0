using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Trace;

namespace GpuWatch.Backtest;

/// <summary>A whole recorded job: its frames, what was declared of it and what became of it.</summary>
/// <param name="Kind">Name of the folder it was found in, below the one that was asked for; empty for that one itself.</param>
internal sealed record RecordedJob(string Name, string Kind, GpuFrame[] Frames, Job? Declared, Truth Truth)
{
    private const string TruthSuffix = ".truth.json";

    /// <summary>The job it was recorded from: itself, or the one it is a variant of. What belongs together is never split by folds.</summary>
    public string Origin => Truth.Of ?? Name;

    /// <summary>The same without what the process told of itself, as a real one that is watched from outside.</summary>
    public RecordedJob AsNvmlSeesIt() => this with
    {
        Frames = [.. Frames.Select(frame => frame with { Processes = [.. frame.Processes.Select(process => process with { TorchAllocated = null, TorchReserved = null })] })],
    };

    /// <summary>All jobs of a folder and those below it by path: NAME.csv, NAME.truth.json and, where it exists, NAME.job.json.</summary>
    public static IEnumerable<RecordedJob> InFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new BadInputException(folder, "there is no such folder", "expected a folder of NAME.csv with NAME.truth.json");
        }
        var truths = Directory.GetFiles(folder, "*" + TruthSuffix, SearchOption.AllDirectories);
        Array.Sort(truths, StringComparer.Ordinal);
        return truths.Length > 0
            ? truths.Select(path => Read(folder, path[..^TruthSuffix.Length], path)).Where(job => job.Frames.Length > 0)
            : throw new BadInputException(folder, "it holds no *.truth.json", "expected a folder of NAME.csv with NAME.truth.json");
    }

    private static RecordedJob Read(string folder, string stem, string truth)
    {
        var kind = Path.GetFileName(Path.GetRelativePath(folder, Path.GetDirectoryName(stem)!));
        var declared = stem + ".job.json";
        return new RecordedJob(
            Path.GetFileName(stem), kind == "." ? "" : kind, [.. FramesOf(stem + ".csv")], File.Exists(declared) ? JobFile.Read(declared) : null, Truth.Read(truth));
    }

    /// <summary>The first GPU of the recording; a job on several is recorded once for each.</summary>
    private static IEnumerable<GpuFrame> FramesOf(string path) =>
        Recording.Read(path, new RecordingOptions(), _ => { }).Select(sweep => sweep.Gpus[0].Frame).OfType<GpuFrame>();
}
