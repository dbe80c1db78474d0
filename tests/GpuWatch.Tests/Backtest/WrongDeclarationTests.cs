using GpuWatch.Backtest;
using GpuWatch.Core.Alert;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Backtest;

/// <summary>Recorded jobs under declarations that are not theirs: floors below what `backtest --reconcile` measures.</summary>
public sealed class WrongDeclarationTests
{
    private static readonly Lazy<RecordedJob[]> Jobs = new(() => [.. RecordedJob.InFolder(Path.Combine(SharedData.Folder!, "jobs"))]);

    [SharedDataFact]
    public void What_takes_more_than_declared_while_it_tells_its_live_bytes_is_told()
    {
        var shown = WrongDeclarations.TooSmall(Jobs.Value).Where(tried => tried is { IsMaterial: true, HasLive: true, IsShown: true }).ToArray();
        Assert.True(shown.Count(tried => tried.Told) >= 0.85 * shown.Length);
    }

    [SharedDataFact]
    public void What_takes_less_than_declared_is_left_in_peace() =>
        Assert.DoesNotContain(WrongDeclarations.TooLarge(Jobs.Value), tried => tried.Told);

    [SharedDataFact]
    public void What_is_declared_right_is_left_in_peace()
    {
        var right = WrongDeclarations.AsRecorded(Jobs.Value).Where(tried => !tried.Job.Truth.Blowup).ToArray();
        Assert.True(right.Count(tried => tried.Told) <= 0.03 * right.Length);
        Assert.True(right.Count(tried => tried.Mismatch) <= 0.03 * right.Length);
    }

    [SharedDataFact]
    public void Weights_of_another_width_than_declared_are_told_by_those_that_tell_their_live_bytes()
    {
        var others = WrongDeclarations.OtherWeights(Jobs.Value).Where(tried => tried is { HasLive: true, OutlivesFirstStep: true }).ToArray();
        Assert.True(others.Count(tried => tried.Mismatch) >= 0.8 * others.Length);
    }

    [SharedDataFact]
    public void A_cache_in_pieces_is_told_of_no_job_that_had_room()
    {
        var told = Jobs.Value.Select(job => Folds.Replay(job, withJob: true, WatchOptions.Default)).Where(outcome => outcome.Told(AlertKind.Fragmentation)).ToArray();
        Assert.NotEmpty(told);
        Assert.DoesNotContain(told, outcome => outcome.Job.Truth.Scenario.StartsWith("healthy", StringComparison.Ordinal));
    }
}
