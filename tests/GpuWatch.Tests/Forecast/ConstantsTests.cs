using System.Text;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Forecast;

public sealed class ConstantsTests
{
    [Fact]
    public void Every_constant_that_ships_or_is_guessed_lies_within_its_bounds()
    {
        foreach (var constants in (Constants[])[Constants.Shipped, new Constants()])
        {
            Assert.All(Constants.All, constant => Assert.InRange(constant.Get(constants), constant.Low, constant.High));
        }
    }

    [Fact]
    public void Constants_are_read_as_they_were_written()
    {
        var half = Constants.All.Aggregate(new Constants(), (constants, one) => one.With(constants, Math.Round((one.Low + one.High) / 2, 4)));
        Assert.Equal(half, ConstantsJson.Read(ConstantsJson.Write(half), "here"));
    }

    [Theory]
    [InlineData("{\"no_such\": 1}", "is no constant")]
    [InlineData("{\"wall_s\": 100000}", "wall_s is 100000")]
    [InlineData("[1]", "not a file of constants")]
    public void A_file_that_is_not_one_is_refused(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<BadInputException>(() => ConstantsJson.Read(Encoding.UTF8.GetBytes(text), "here")).Message, StringComparison.Ordinal);

    [Fact]
    public void What_nothing_has_shown_yet_grows_rarer_with_the_time_survived()
    {
        Assert.Equal(0.3 * 0.5, new UnseenThreat(0.3, 60, 0, 1, 0).Within(60), 6);
        Assert.Equal(0.3, new UnseenThreat(0.3, 60, 0, 1, 0).Within(1e9), 3);
        Assert.True(new UnseenThreat(0.3, 60, 0, 1, 600).Within(60) < 0.01);
        Assert.Equal(0, new UnseenThreat(0.3, 60, 0, 1, -90).Within(60), 6);
        Assert.Equal(1 - 0.8 * 0.9, new UnseenThreat(0.4, 60, 0.2, 60, 0).Within(60), 6);
        Assert.Equal(0, default(UnseenThreat).Within(60));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(-1, false)]
    public void A_floor_that_rises_alone_is_a_beat_and_not_a_leak(int tops, bool leaks)
    {
        var floor = new Floor(windowSeconds: 2);
        for (var t = 0; t < 40; t++)
        {
            floor.Observe(t, t % 2 == 0 ? 1000 + 10 * t : 5000 + tops * 10 * t, 1);
        }
        Assert.True(floor.Significance > 3);
        Assert.Equal(leaks, floor.MeanSignificance > 2 && floor.MeanSlope > 0.3 * floor.Slope);
    }
}
