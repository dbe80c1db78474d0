using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>The memory of a device, worked out from those of total, used, free and reserved that a log tells.</summary>
internal readonly record struct SmiMemory(Bytes Total, Bytes Used, Bytes? Reserved, Bytes? Free)
{
    /// <summary>Each number is rounded to MiB by itself, so that their sum may be off by one or two.</summary>
    private static readonly Bytes Rounding = Bytes.FromMiB(2);

    /// <returns>Null when too little is told.</returns>
    public static SmiMemory? From(Bytes? total, Bytes? used, Bytes? free, Bytes? reserved) => (total, used, free) switch
    {
        ({ } all, { } taken, { } left) => new SmiMemory(all, taken, reserved ?? Bytes.Max(Bytes.Zero, all - taken - left), left),
        ({ } all, { } taken, null) => new SmiMemory(all, taken, reserved, null),
        ({ } all, null, { } left) => new SmiMemory(all, all - left - (reserved ?? Bytes.Zero), reserved, left),
        (null, { } taken, { } left) => new SmiMemory(taken + left + (reserved ?? Bytes.Zero), taken, reserved, left),
        _ => null,
    };

    /// <summary>Why the numbers cannot be true together; null when they can.</summary>
    public string? Contradiction =>
        Total <= Bytes.Zero ? $"the card's memory is {Total.Count} bytes" :
        Used < Bytes.Zero ? $"more is free than there is: {Free} of {Total}" :
        Used > Total ? $"more is used than there is: {Used} of {Total}" :
        Free is { } free && Used + free > Total + Rounding ? $"used {Used} and free {free} are more than the total {Total}" :
        null;
}
