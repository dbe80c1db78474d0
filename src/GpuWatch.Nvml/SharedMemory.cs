using System.Buffers.Text;
using GpuWatch.Core.Units;

namespace GpuWatch.Nvml;

/// <summary>
/// The memory of a GPU that has none of its own (GB10, Jetson): it shares the machine's, so the machine tells it. Free is what
/// programs could still take without swapping (MemAvailable), as the kernel estimates it.
/// </summary>
internal static class SharedMemory
{
    private const string File = "/proc/meminfo";

    /// <summary>Null where the system does not tell.</summary>
    public static DeviceMemory? Read()
    {
        Span<byte> text = stackalloc byte[4096];
        try
        {
            using var file = System.IO.File.OpenHandle(File);
            return Parse(text[..RandomAccess.Read(file, text, 0)]);
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static DeviceMemory? Parse(ReadOnlySpan<byte> meminfo) =>
        Kibibytes(meminfo, "MemTotal:"u8) is { } total && Kibibytes(meminfo, "MemAvailable:"u8) is { } free && free <= total
            ? new(total, total - free, null, free)
            : null;

    private static Bytes? Kibibytes(ReadOnlySpan<byte> meminfo, ReadOnlySpan<byte> name)
    {
        var at = meminfo.IndexOf(name);
        var value = at < 0 ? default : meminfo[(at + name.Length)..].TrimStart((byte)' ');
        return Utf8Parser.TryParse(value, out long kibibytes, out _) ? new Bytes(kibibytes * 1024) : null;
    }
}
