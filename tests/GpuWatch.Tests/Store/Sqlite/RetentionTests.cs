using GpuWatch.Store.Sqlite;

namespace GpuWatch.Tests.Store.Sqlite;

public sealed class RetentionTests
{
    private const double Now = 1_800_000_000;
    private const double Hour = 3600;

    [Theory]
    [InlineData(1, "raw")]
    [InlineData(24, "raw")]
    [InlineData(25, "10s")]
    [InlineData(7 * 24, "10s")]
    [InlineData(7 * 24 + 1, "1m")]
    [InlineData(90 * 24, "1m")]
    [InlineData(400 * 24, "1m")]
    public void The_finest_level_that_reaches_back_far_enough_answers(double hoursAgo, string level) =>
        Assert.Equal(level, Retention.For(Now - hoursAgo * Hour, Now).Name);

    [Fact]
    public void Each_level_is_coarser_and_kept_longer_than_the_one_before() =>
        Assert.All(Retention.Levels.Zip(Retention.Levels.Skip(1)), pair =>
            Assert.True(pair.First.EverySeconds < pair.Second.EverySeconds && pair.First.KeepSeconds < pair.Second.KeepSeconds));
}
