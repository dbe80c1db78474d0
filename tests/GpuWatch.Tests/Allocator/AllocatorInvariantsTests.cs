using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Allocator;

namespace GpuWatch.Tests.Allocator;

/// <summary>What holds after every request and free, in whatever order.</summary>
public sealed class AllocatorInvariantsTests
{
    /// <summary>Positive = a request of so many bytes, negative = free the n-th oldest live block.</summary>
    private static readonly Arbitrary<List<int>> Events = Gen.OneOf(
            Gen.Choose(1, 4_000), Gen.Choose(500_000, 3_000_000), Gen.Choose(8_000_000, 60_000_000), Gen.Choose(-40, -1), Gen.Choose(-40, -1))
        .ListOf().ToArbitrary();

    public static TheoryData<AllocatorSettings> Settings => new()
    {
        default(AllocatorSettings), new AllocatorSettings(Capacity: 200 << 20), new AllocatorSettings(MaxSplitSize: 32 << 20),
        new AllocatorSettings(ExpandableSegments: true), new AllocatorSettings(Capacity: 200 << 20, ExpandableSegments: true),
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Live_blocks_never_overlap_and_lie_in_what_is_reserved(AllocatorSettings settings) =>
        Prop.ForAll(Events, events => Play(settings, events, Check)).QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Settings))]
    public void When_everything_is_freed_every_segment_is_one_block_and_can_be_given_back(AllocatorSettings settings) =>
        Prop.ForAll(Events, events =>
        {
            var (allocator, live) = Play(settings, events, (_, _) => { });
            live.ForEach(allocator.Free);
            allocator.EmptyCache();
            Assert.Equal((0, 0), (allocator.Allocated, allocator.Reserved));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_cleared_allocator_plays_the_same_events_to_the_same_peak() =>
        Prop.ForAll(Events, events =>
        {
            var (allocator, live) = Play(new AllocatorSettings(), events, (_, _) => { });
            live.ForEach(allocator.Free);
            var reserved = allocator.PeakReserved;
            Assert.True(reserved >= allocator.PeakAllocated);
            allocator.Clear();
            Assert.Equal((0, 0), (allocator.Reserved, allocator.PeakReserved));
            Assert.Equal(reserved, Play(allocator, events, (_, _) => { }).Allocator.PeakReserved);
        }).QuickCheckThrowOnFailure();

    private static void Check(CachingAllocator allocator, List<int> live)
    {
        Assert.InRange(allocator.Allocated, 0, allocator.Reserved);
        Assert.True(allocator.Settings.Capacity is not { } capacity || allocator.Reserved <= capacity);
        Assert.Equal(live.Sum(allocator.SizeOf), allocator.Allocated);
        var inOrder = live.OrderBy(allocator.AddressOf).ToList();
        Assert.All(inOrder.Zip(inOrder.Skip(1)), pair =>
            Assert.True(allocator.AddressOf(pair.First) + allocator.SizeOf(pair.First) <= allocator.AddressOf(pair.Second)));
    }

    private static (CachingAllocator Allocator, List<int> Live) Play(AllocatorSettings settings, List<int> events, Action<CachingAllocator, List<int>> check) =>
        Play(new CachingAllocator(settings), events, check);

    private static (CachingAllocator Allocator, List<int> Live) Play(CachingAllocator allocator, List<int> events, Action<CachingAllocator, List<int>> check)
    {
        var live = new List<int>();
        foreach (var what in events)
        {
            if (what > 0 && allocator.TryAllocate(what, out var block))
            {
                live.Add(block);
            }
            else if (what < 0 && live.Count > 0)
            {
                var chosen = -what % live.Count;
                allocator.Free(live[chosen]);
                live.RemoveAt(chosen);
            }
            check(allocator, live);
        }
        return (allocator, live);
    }
}
