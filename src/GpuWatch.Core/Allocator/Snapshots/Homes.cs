namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>Which segment an address lies in.</summary>
internal sealed class Homes
{
    private readonly Segment[] segments;
    private readonly long[] addresses;

    public Homes(IEnumerable<Segment> segments)
    {
        this.segments = [.. segments.OrderBy(segment => segment.Address)];
        addresses = [.. this.segments.Select(segment => segment.Address)];
    }

    /// <returns>Null: in none that is known.</returns>
    public Segment? Of(long address)
    {
        var at = Array.BinarySearch(addresses, address);
        at = at >= 0 ? at : ~at - 1;
        return at >= 0 && address < segments[at].Address + segments[at].Size ? segments[at] : null;
    }
}
