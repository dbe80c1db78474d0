using GpuWatch.Core.Allocator;

namespace GpuWatch.Tests.Allocator;

public sealed class CachingAllocatorTests
{
    private const long KiB = 1 << 10, MiB = 1 << 20;

    [Theory]
    [InlineData(1, 512, 2 * MiB)]
    [InlineData(513, 1024, 2 * MiB)]
    [InlineData(MiB, MiB, 2 * MiB)]
    [InlineData(MiB + 1, MiB + 512, 20 * MiB)]
    [InlineData(10 * MiB - 512, 10 * MiB - 512, 20 * MiB)]
    [InlineData(10 * MiB, 10 * MiB, 10 * MiB)]
    [InlineData(10 * MiB + 1, 10 * MiB + 512, 12 * MiB)]
    [InlineData(13 * MiB, 14 * MiB, 14 * MiB)]
    public void A_request_gets_a_rounded_block_in_a_segment_of_its_kind(long request, long allocated, long reserved)
    {
        var allocator = new CachingAllocator();

        Take(allocator, request);

        Assert.Equal((allocated, reserved), (allocator.Allocated, allocator.Reserved));
    }

    [Fact]
    public void A_freed_block_is_used_again_and_nothing_goes_back_to_CUDA()
    {
        var allocator = new CachingAllocator();
        var first = Take(allocator, 100 * MiB);
        allocator.Free(first);

        Take(allocator, 60 * MiB);
        Take(allocator, 40 * MiB);

        Assert.Equal((100 * MiB, 100 * MiB), (allocator.Allocated, allocator.Reserved));
    }

    [Fact]
    public void The_smallest_block_that_is_large_enough_is_taken()
    {
        var allocator = new CachingAllocator();
        var (large, fitting) = (Take(allocator, 100 * MiB), Take(allocator, 50 * MiB));
        var place = allocator.AddressOf(fitting);
        allocator.Free(large);
        allocator.Free(fitting);

        Assert.Equal(place, allocator.AddressOf(Take(allocator, 49 * MiB)));
    }

    [Fact]
    public void A_large_block_is_cut_only_if_more_than_a_MiB_is_left()
    {
        var allocator = new CachingAllocator();
        allocator.Free(Take(allocator, 20 * MiB));

        var whole = Take(allocator, 19 * MiB);

        Assert.Equal(20 * MiB, allocator.SizeOf(whole));
        allocator.Free(whole);
        Assert.Equal(19 * MiB - 512, allocator.SizeOf(Take(allocator, 19 * MiB - 512)));
    }

    [Fact]
    public void Free_neighbours_become_one_block()
    {
        var allocator = new CachingAllocator();
        int[] thirds = [Take(allocator, 6 * MiB), Take(allocator, 6 * MiB), Take(allocator, 6 * MiB)];
        allocator.Free(thirds[0]);
        allocator.Free(thirds[2]);
        allocator.Free(thirds[1]);

        Assert.Equal(20 * MiB, allocator.SizeOf(Take(allocator, 20 * MiB)));
        Assert.Equal(20 * MiB, allocator.Reserved);
    }

    [Fact]
    public void Small_and_large_blocks_never_share_a_segment()
    {
        var allocator = new CachingAllocator();
        allocator.Free(Take(allocator, 5 * MiB));

        Take(allocator, 4 * KiB);

        Assert.Equal(22 * MiB, allocator.Reserved);
    }

    [Fact]
    public void At_the_end_of_the_card_free_segments_are_given_back_before_it_fails()
    {
        var allocator = new CachingAllocator(new(Capacity: 100 * MiB));
        allocator.Free(Take(allocator, 60 * MiB));

        Take(allocator, 80 * MiB);

        Assert.Equal((1, 80 * MiB), (allocator.Retries, allocator.Reserved));
        Assert.Equal(0, allocator.Failures);
        Assert.False(allocator.TryAllocate(2000 * MiB, out _));
        Assert.Equal(1, allocator.Failures);
        Assert.False(allocator.TryAllocate(30 * MiB, out _));
    }

    [Fact]
    public void A_segment_with_one_live_block_is_never_given_back()
    {
        var allocator = new CachingAllocator(new(Capacity: 100 * MiB));
        var large = Take(allocator, 60 * MiB);
        allocator.Free(large);
        Take(allocator, 2 * MiB);

        Assert.False(allocator.TryAllocate(80 * MiB, out _));
        Assert.Equal(60 * MiB, allocator.Reserved);
    }

    [Fact]
    public void Blocks_from_max_split_size_on_are_not_cut_and_not_given_to_smaller_requests()
    {
        var allocator = new CachingAllocator(new(MaxSplitSize: 64 * MiB));
        allocator.Free(Take(allocator, 100 * MiB));

        Take(allocator, 30 * MiB);
        Take(allocator, 90 * MiB);

        Assert.Equal((130 * MiB, 130 * MiB), (allocator.Reserved, allocator.Allocated));
    }

    [Fact]
    public void An_expandable_segment_grows_by_what_its_free_end_lacks()
    {
        var allocator = new CachingAllocator(new(ExpandableSegments: true));
        allocator.Free(Take(allocator, 50 * MiB));

        Take(allocator, 70 * MiB);
        allocator.Free(Take(allocator, 100 * MiB));
        Take(allocator, 30 * MiB);

        Assert.Equal(180 * MiB, allocator.Reserved);
        allocator.EmptyCache();
        Assert.Equal(100 * MiB, allocator.Reserved);
    }

    [Fact]
    public void A_block_cannot_be_freed_twice()
    {
        var allocator = new CachingAllocator();
        var block = Take(allocator, MiB);
        allocator.Free(block);

        Assert.Throws<InvalidOperationException>(() => allocator.Free(block));
    }

    private static int Take(CachingAllocator allocator, long size)
    {
        Assert.True(allocator.TryAllocate(size, out var block));
        return block;
    }
}
