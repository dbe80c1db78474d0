using GpuWatch.Core.Units;

namespace GpuWatch.Nvml;

/// <summary>The memory of a device at one instant.</summary>
/// <param name="Used">Without the driver's reserve where <paramref name="Reserved"/> is known.</param>
internal readonly record struct DeviceMemory(Bytes Total, Bytes Used, Bytes? Reserved, Bytes? Free)
{
    /// <summary>NVML_VALUE_NOT_AVAILABLE, and anything else no memory can be.</summary>
    public static bool IsUnknown(ulong bytes) => bytes > long.MaxValue;

    /// <summary>The first version counts the reserve as used and does not tell it apart.</summary>
    public static DeviceMemory Of(in NvmlMemoryV1 raw) =>
        new(Count(raw.Total), Count(raw.Used), null, IsUnknown(raw.Free) ? null : Count(raw.Free));

    /// <summary>
    /// Drivers differ in whether <c>used</c> includes <c>reserved</c>, and the header says the contrary of what logs show; so
    /// the sums decide: total = used + reserved + free (apart), or total = used + free (included). Where neither holds to
    /// within <see cref="Slack"/> the reserve counts as unknown.
    /// </summary>
    public static DeviceMemory Of(in NvmlMemoryV2 raw)
    {
        if (IsUnknown(raw.Used) || IsUnknown(raw.Free) || IsUnknown(raw.Reserved))
        {
            return new(Count(raw.Total), IsUnknown(raw.Used) ? Bytes.Zero : Count(raw.Used), null, IsUnknown(raw.Free) ? null : Count(raw.Free));
        }
        var (total, used, reserved, free) = (Count(raw.Total), Count(raw.Used), Count(raw.Reserved), Count(raw.Free));
        var beside = total - used - free;
        return Near(beside, reserved) ? new(total, used, reserved, free)
            : Near(beside, Bytes.Zero) ? new(total, used - reserved, reserved, free)
            : new(total, used, null, free);
    }

    /// <summary>The driver rounds some of the four to its pages.</summary>
    private static readonly Bytes Slack = Bytes.FromMiB(2);

    private static bool Near(Bytes a, Bytes b) => Math.Abs((a - b).Count) <= Slack.Count;

    private static Bytes Count(ulong bytes) => new((long)bytes);
}
