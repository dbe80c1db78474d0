using GpuWatch.Backtest;

namespace GpuWatch.Tests.Support;

/// <summary>The recorded jobs of the larger data: NAME of NAME.csv, NAME.job.json and NAME.truth.json, with its folder.</summary>
internal static class SharedJobs
{
    public static IEnumerable<string> All() => Recorded().Select(Stem);

    public static IEnumerable<string> ShortestOfEachScenario() =>
        Recorded().GroupBy(job => job.Truth.Scenario).Select(scenario => Stem(scenario.MinBy(job => job.Frames[^1].TimeSeconds)!));

    public static IEnumerable<RecordedJob> Recorded() => RecordedJob.InFolder(Folder);

    private static string Folder => Path.Combine(SharedData.Folder!, "jobs");

    private static string Stem(RecordedJob job) => Path.Combine(Folder, job.Name);
}
