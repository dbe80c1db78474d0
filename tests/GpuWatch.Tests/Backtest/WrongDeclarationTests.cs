using GpuWatch.Backtest;
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
    }
}
