using GpuWatch.Core.Allocator.Pickle;

namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>What PYTORCH_CUDA_ALLOC_CONF was, as the snapshot tells it (allocator_settings, 2.2 and later).</summary>
/// <param name="Settings">As far as the model of the allocator plays them; the defaults where nothing is told.</param>
/// <param name="Told">False = an older version, whose settings are unknown.</param>
/// <param name="NotPlayed">A setting that the model does not play; null = there is none.</param>
public sealed record RecordedSettings(AllocatorSettings Settings, bool Told, string? NotPlayed)
{
    public static RecordedSettings Unknown { get; } = new(default, false, null);

    internal static RecordedSettings From(PickleDict told)
    {
        // Without an end it is -1, or the largest number there is.
        var maxSplit = told.Find("max_split_size")?.Integer is > 0 and < 1L << 50 and var most ? most : (long?)null;
        var (divisions, isEven) = Divisions(told.Find("roundup_power2_divisions")?.Dict);
        return new(
            new(null, maxSplit, told.Find("expandable_segments")?.Boolean ?? false, divisions),
            true,
            isEven ? told.Find("garbage_collection_threshold")?.Real is > 0 ? "garbage_collection_threshold" : null : "roundup_power2_divisions");
    }

    /// <summary>By size, in MiB up to which each holds. One number for all is what the model plays.</summary>
    private static (int? Divisions, bool IsEven) Divisions(PickleDict? bySize)
    {
        long? first = null;
        for (var at = 0; at < (bySize?.Count ?? 0); at++)
        {
            if (bySize![at].Value.Integer is not { } divisions || (first is not null && first != divisions))
            {
                return (null, false);
            }
            first = divisions;
        }
        return first is null or 0 or 1 ? (null, true) : first is <= 64 && long.IsPow2(first.Value) ? ((int)first, true) : (null, false);
    }
}
