using GpuWatch.Options;

namespace GpuWatch.Tests.Options;

public sealed class DurationTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("10s", 10)]
    [InlineData("10", 10)]
    [InlineData("2m", 120)]
    [InlineData("1.5h", 5400)]
    [InlineData("7d", 604800)]
    [InlineData(" 3 s ", 3)]
    public void Is_read_in_the_unit_it_is_written_in(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1 fortnight")]
    [InlineData("1e9d")]
    [InlineData("999999999999999d")]
    [InlineData("NaN")]
    public void Anything_else_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));
}
