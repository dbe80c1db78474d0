using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Units;

public sealed class BytesTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(512, "512 B")]
    [InlineData(587_202_560, "560 MiB")]
    [InlineData(13_314_398_618, "12.4 GiB")]
    [InlineData(-1_073_741_824, "-1.0 GiB")]
    public void A_size_is_told_in_the_largest_unit_that_keeps_a_digit_before_the_point(long count, string expected) =>
        Assert.Equal(expected, new Bytes(count).ToString());
}
