using GpuWatch.Core.Allocator;

namespace GpuWatch.Tests.Allocator;

public sealed class RequestsTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void A_stretch_told_once_is_played_as_often_as_it_comes()
    {
        var (requests, allocator) = (new Requests(), new CachingAllocator());
        requests.Make(30 * MiB);
        requests.Make(50 * MiB);
        requests.Free(0);
        requests.Free(1);

        requests.Play(allocator, ..);
        requests.Play(allocator, ..);

        Assert.Equal((0, 80 * MiB, 80 * MiB), (allocator.Allocated, allocator.Reserved, allocator.PeakAllocated));
    }

    [Fact]
    public void What_comes_between_two_parts_of_a_stretch_is_left_alone()
    {
        var (requests, allocator) = (new Requests(), new CachingAllocator());
        requests.Make(30 * MiB);
        var middle = requests.Count;
        requests.Make(40 * MiB);
        requests.Free(0);
        requests.Free(1);

        requests.Play(allocator, ..middle);
        Assert.True(allocator.TryAllocate(20 * MiB, out _));
        requests.Play(allocator, middle..);

        Assert.Equal(20 * MiB, allocator.Allocated);
    }

    [Fact]
    public void A_storage_of_no_bytes_takes_no_place()
    {
        var (requests, allocator) = (new Requests(), new CachingAllocator());
        requests.Make(0);
        requests.Free(0);

        requests.Play(allocator, ..);

        Assert.Equal(0, allocator.Reserved);
    }

    [Fact]
    public void A_storage_that_found_no_place_is_not_missed_when_it_goes()
    {
        var (requests, allocator) = (new Requests(), new CachingAllocator(new(Capacity: 10 * MiB)));
        requests.Make(50 * MiB);
        requests.Free(0);

        requests.Play(allocator, ..);

        Assert.Equal((1, 0), (allocator.Failures, allocator.Allocated));
    }
}
