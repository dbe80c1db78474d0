using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Estimate;

public sealed class RoomTests
{
    [Theory]
    [InlineData("RTX 4090", 23.65)]
    [InlineData("T4", 14.75)]
    [InlineData("24", 23.64)]
    [InlineData("24GB", 23.64)]
    [InlineData("80 GiB", 78.8)]
    [InlineData("4090", 23.65)]
    [InlineData("3090 Ti", 23.68)]
    [InlineData("A100", 39.4)]
    [InlineData("1024", 1008.64)]
    public void A_card_is_known_by_name_or_by_size(string text, double gib) => Assert.Equal(gib, Room.Parse(text)!.Usable.GiB, 2);

    [Theory]
    [InlineData("RTX 9999")]
    [InlineData("-1")]
    [InlineData("1025")]
    [InlineData("9999")]
    [InlineData("81920 GB")]
    [InlineData("GB")]
    [InlineData("")]
    public void Other_texts_are_no_card(string text) => Assert.Null(Room.Parse(text));

    [Fact]
    public void A_size_that_is_not_the_named_cards_wins()
    {
        Assert.Equal(39.4, Room.Of(new Job { GpuName = "A100", GpuMemGb = 40 })!.Usable.GiB, 2);
        Assert.Equal(63.04, Room.Of(new Job { GpuName = "A100", GpuMemGb = 64 })!.Usable.GiB, 2);
        Assert.Null(Room.Of(new Job()));
    }

    [Theory]
    [InlineData(20.0, 0.5)]
    [InlineData(22.0, 0.95)]
    [InlineData(18.0, 0.05)]
    [InlineData(40.0, 1.0)]
    [InlineData(5.0, 0.0)]
    public void The_ends_of_the_interval_are_5_and_95_percent(double usableGiB, double probability) =>
        Assert.Equal(probability, new Room("", Bytes.FromGiB(usableGiB)).Probability(SomePlan.OfGiB(20)), 3);
}
