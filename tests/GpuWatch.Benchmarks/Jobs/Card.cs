namespace GpuWatch.Benchmarks.Jobs;

/// <summary>A card and who is on it beside the process.</summary>
/// <param name="Total">Bytes.</param>
/// <param name="Context">Bytes of the CUDA context.</param>
/// <param name="Others">Bytes of other tenants and of the driver, when the job begins: all that is neither context nor room.</param>
internal sealed record Card(long Total, long Context, long Others)
{
    private const long MiB = 1 << 20, DriverReserve = 620 * MiB;

    private static readonly int[] SizesGiB = [16, 24, 40, 48, 80, 141];

    /// <returns>The smallest that has the room; null when none has.</returns>
    public static Card? Draw(long room, Dice dice)
    {
        var context = dice.Whole(280, 560) * MiB;
        var size = SizesGiB.Select(gib => gib * 1024 * MiB).FirstOrDefault(total => total >= room + context + DriverReserve);
        return size == 0 ? null : new(size, context, size - context - room);
    }
}
