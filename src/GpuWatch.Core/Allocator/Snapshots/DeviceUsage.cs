namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>How a device's memory was used at the moment of the snapshot; all in bytes but the counts and the share.</summary>
/// <param name="Reserved">Held from CUDA.</param>
/// <param name="Allocated">Handed out, rounded up.</param>
/// <param name="Active">That, and what was freed but waits for a stream.</param>
/// <param name="Requested">Asked for in active blocks; null = the version does not tell.</param>
/// <param name="FreeInSegments">Reserved, and of no use to anybody now.</param>
/// <param name="Releasable">Of it in segments that are wholly free: what PyTorch gives back to CUDA before it gives up.</param>
/// <param name="Segments">How many.</param>
/// <param name="Blocks">How many, free ones too.</param>
/// <param name="Fragmentation">1 − largest free block ÷ free in segments; null = nothing is free.</param>
public sealed record DeviceUsage(
    long Reserved, long Allocated, long Active, long? Requested, long FreeInSegments, long Releasable, long LargestFreeBlock, int Segments, int Blocks, double? Fragmentation)
{
    public static DeviceUsage Of(DeviceSnapshot device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var free = device.Segments.SelectMany(segment => segment.Blocks).Where(block => block.State == BlockState.Free).Select(block => block.Size).ToList();
        var (inSegments, largest) = (free.Sum(), free.DefaultIfEmpty().Max());
        return new(
            device.Segments.Sum(segment => segment.Size),
            device.Segments.Sum(segment => segment.Allocated),
            device.Segments.Sum(segment => segment.Active),
            device.Segments.Aggregate((long?)0, (sum, segment) => sum + segment.Requested),
            inSegments,
            device.Segments.Where(segment => segment.Blocks.All(block => block.State == BlockState.Free)).Sum(segment => segment.Blocks.Sum(block => block.Size)),
            largest,
            device.Segments.Count,
            device.Segments.Sum(segment => segment.Blocks.Count),
            inSegments > 0 ? 1 - (double)largest / inSegments : null);
    }
}
