using System.Globalization;

namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>What another setting of PYTORCH_CUDA_ALLOC_CONF would have reserved for the same requests.</summary>
/// <param name="Setting">As it is written there; or "as recorded", and <see cref="LaidOutAnew"/>.</param>
/// <param name="PeakReserved">The most bytes held from CUDA at once.</param>
/// <param name="Saves">Bytes less than as recorded; negative = more.</param>
/// <param name="ByItself">Bytes less than the recorded settings from the same start: what of it is the setting's own doing.</param>
public sealed record WhatIf(string Setting, long PeakReserved, long Saves, long ByItself)
{
    public const string AsRecorded = "as recorded";

    /// <summary>The recorded settings, but what lived when the trace began is packed anew. All other settings start so: the difference to this one is theirs.</summary>
    public const string LaidOutAnew = "as recorded, laid out anew";

    private const long MiB = 1L << 20;
    private static readonly int[] SplitMiB = [512, 256, 128, 64], Divisions = [4, 8];

    /// <remarks>
    /// garbage_collection_threshold is not among them: it does nothing without a limit on the process, which no snapshot tells. A first row that
    /// differs from what was reserved in truth shows how far the model is off.
    /// </remarks>
    internal static List<WhatIf> Of(Tape tape, Timeline timeline, AllocatorSettings recorded)
    {
        var truth = timeline.PeakReserved;
        var anew = tape.PeakReserved(recorded, asFound: false);
        var rows = new List<WhatIf> { new(AsRecorded, truth, 0, 0) };
        if (!tape.IsWhole)
        {
            rows.Add(new(LaidOutAnew, anew, truth - anew, 0));
        }
        rows.Add(Row($"expandable_segments:{(recorded.ExpandableSegments ? "False" : "True")}", recorded with { ExpandableSegments = !recorded.ExpandableSegments }));
        rows.AddRange(SplitMiB.Where(size => size * MiB != recorded.MaxSplitSize)
            .Select(size => Row(string.Create(CultureInfo.InvariantCulture, $"max_split_size_mb:{size}"), recorded with { MaxSplitSize = size * MiB })));
        rows.AddRange(Divisions.Where(count => count != recorded.RoundupDivisions)
            .Select(count => Row(string.Create(CultureInfo.InvariantCulture, $"roundup_power2_divisions:{count}"), recorded with { RoundupDivisions = count })));
        return rows;

        WhatIf Row(string setting, AllocatorSettings settings)
        {
            var peak = tape.PeakReserved(settings, asFound: false);
            return new(setting, peak, truth - peak, anew - peak);
        }
    }
}
