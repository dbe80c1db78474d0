using System.Collections.Concurrent;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>
/// The same trace, once replayed from its file, once played by the simulated driver at 20x and watched by the agent with its usual
/// settings: the same alerts in the same order, each within two sample periods.
/// </summary>
public sealed class LiveLikeReplayTests
{
    [Theory]
    [InlineData("leak.csv")]
    [InlineData("neighbour.csv")]
    public async Task A_job_that_nobody_declared(string name) =>
        Assert.Null(await LiveAndReplayed.DifferenceAsync(Path.Combine(AppContext.BaseDirectory, "Traces", name), job: null));

    /// <summary>The shortest of each scenario, with and without its declaration.</summary>
    [SharedDataFact]
    public async Task A_job_of_each_scenario() => Assert.Empty(await DifferencesAsync(SharedJobs.ShortestOfEachScenario()));

    [SharedDataFact]
    [Trait("Category", "Slow")]
    public async Task All_recorded_jobs() => Assert.Empty(await DifferencesAsync(SharedJobs.All()));

    /// <summary>Several agents at a time: nearly all that each does is wait.</summary>
    private static async Task<IEnumerable<string>> DifferencesAsync(IEnumerable<string> stems)
    {
        var differences = new ConcurrentBag<string>();
        var runs = stems.SelectMany(stem => new (string Stem, string? Job)[] { (stem, null), (stem, stem + ".job.json") });
        await Parallel.ForEachAsync(runs, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (run, _) =>
        {
            if (await LiveAndReplayed.DifferenceAsync(run.Stem + ".csv", run.Job) is { } difference)
            {
                differences.Add($"{Path.GetFileName(run.Stem)}{(run.Job is null ? "" : " with its job")}: {difference}");
            }
        });
        return differences.Order(StringComparer.Ordinal);
    }
}
