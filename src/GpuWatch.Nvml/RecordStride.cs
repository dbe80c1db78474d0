using System.Runtime.InteropServices;
using GpuWatch.Core.Units;

namespace GpuWatch.Nvml;

/// <summary>
/// Finds out how long the records are that the driver wrote. The symbol does not tell: "v3" lists had 24-byte records, then 32,
/// then 24 again, and drivers with 16 were seen (nvitop #181 and PR #226). The buffer was filled with <see cref="Pattern"/>
/// before, so that the end of what was written shows; every record must also make sense.
/// </summary>
internal static class RecordStride
{
    public const byte Pattern = 0xA5;

    private static readonly int[] Candidates = [NvmlProcess.StrideV2, NvmlProcess.StrideV1, NvmlProcess.StrideDetail];

    /// <summary>Linux numbers processes up to 2^22 (PID_MAX_LIMIT); Windows does not limit them.</summary>
    private static readonly uint MaximumPid = OperatingSystem.IsWindows() ? uint.MaxValue : 1u << 22;

    /// <summary>The stride in bytes; 0 when no reading makes sense.</summary>
    /// <param name="total">Memory of the device, which no process can exceed.</param>
    public static int Find(ReadOnlySpan<byte> buffer, int count, Bytes total)
    {
        var plausible = 0;
        foreach (var stride in Candidates)
        {
            if (!MakesSense(buffer, count, stride, total))
            {
                continue;
            }
            if (EndsAt(buffer, count * stride))
            {
                return stride;
            }
            plausible = plausible == 0 ? stride : plausible;
        }
        return plausible;
    }

    public static NvmlProcess Record(ReadOnlySpan<byte> buffer, int index, int stride)
    {
        var from = buffer.Slice(index * stride, stride);
        return new NvmlProcess
        {
            Pid = MemoryMarshal.Read<uint>(from),
            UsedGpuMemory = MemoryMarshal.Read<ulong>(from[8..]),
            GpuInstanceId = stride >= NvmlProcess.StrideV2 ? MemoryMarshal.Read<uint>(from[16..]) : NvmlProcess.NoInstance,
            ComputeInstanceId = stride >= NvmlProcess.StrideV2 ? MemoryMarshal.Read<uint>(from[20..]) : NvmlProcess.NoInstance,
            UsedGpuCcProtectedMemory = stride >= NvmlProcess.StrideDetail ? MemoryMarshal.Read<ulong>(from[24..]) : 0,
        };
    }

    private static bool MakesSense(ReadOnlySpan<byte> buffer, int count, int stride, Bytes total)
    {
        for (var i = 0; i < count; i++)
        {
            var record = Record(buffer, i, stride);
            if (!IsProcess(record.Pid)
                || !IsMemory(record.UsedGpuMemory, total) || !IsMemory(record.UsedGpuCcProtectedMemory, total)
                || !IsInstance(record.GpuInstanceId) || !IsInstance(record.ComputeInstanceId))
            {
                return false;
            }
        }
        return true;
    }

    public static bool IsProcess(uint pid) => pid != 0 && pid <= MaximumPid;

    /// <summary>Also "unknown". More than there is, as of managed memory, is not the device's.</summary>
    public static bool IsMemory(ulong bytes, Bytes total) => bytes == ulong.MaxValue || bytes <= (ulong)total.Count;

    private static bool IsInstance(uint id) => id is NvmlProcess.NoInstance or < 256;

    /// <summary>Nothing was written from there on, and something just before it.</summary>
    private static bool EndsAt(ReadOnlySpan<byte> buffer, int end) =>
        !buffer[end..].ContainsAnyExcept(Pattern) && buffer.Slice(end - 8, 8).ContainsAnyExcept(Pattern);
}
