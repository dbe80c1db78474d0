using System.Buffers.Text;

namespace GpuWatch.Nvml;

/// <summary>The start time of a process, which with its pid tells it from a later one with the same pid.</summary>
public static class ProcStat
{
    /// <summary>The inode that Linux gives the host's own pid namespace (PROC_PID_INIT_INO).</summary>
    private const string HostNamespace = "pid:[4026531836]";

    /// <summary>
    /// The driver numbers processes as the host does. In a container with its own numbering the same number is somebody else. Also
    /// false where it cannot be told.
    /// </summary>
    public static bool SeesHostPids { get; } =
        OperatingSystem.IsLinux() && new FileInfo("/proc/self/ns/pid").LinkTarget == HostNamespace;

    /// <summary>Field 22 of /proc/PID/stat: clock ticks since boot. Null: no such process, or not to be told.</summary>
    public static long? StartTicks(int pid)
    {
        Span<byte> text = stackalloc byte[1024];
        try
        {
            using var file = File.OpenHandle($"/proc/{pid}/stat");
            return Parse(text[..RandomAccess.Read(file, text, 0)]);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The name in field 2 may hold blanks and brackets, so fields count from the last closing bracket.</summary>
    public static long? Parse(ReadOnlySpan<byte> stat)
    {
        var rest = stat[(stat.LastIndexOf((byte)')') + 1)..].TrimStart((byte)' ');
        for (var field = 3; field < 22; field++)
        {
            var blank = rest.IndexOf((byte)' ');
            if (blank < 0)
            {
                return null;
            }
            rest = rest[(blank + 1)..];
        }
        return Utf8Parser.TryParse(rest, out long ticks, out _) ? ticks : null;
    }
}
