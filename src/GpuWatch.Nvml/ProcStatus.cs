using System.Buffers.Text;

namespace GpuWatch.Nvml;

/// <summary>Who a process is inside its own container, and whose it is.</summary>
/// <param name="InnerPid">Its number in its innermost pid namespace; its own number where it has no other.</param>
/// <param name="User">The uid, in this namespace's numbers, that owns what it makes.</param>
public readonly record struct ProcStatus(int InnerPid, uint User)
{
    /// <summary>Room for the file: its line of groups comes before what is looked for, and may be long.</summary>
    private const int MostBytes = 1 << 16;

    /// <summary>From /proc/PID/status. Null: no such process, or not to be told.</summary>
    public static ProcStatus? Read(int pid)
    {
        var text = new byte[MostBytes];
        try
        {
            using var file = File.OpenHandle($"/proc/{pid}/status");
            var length = 0;
            for (int read; length < text.Length && (read = RandomAccess.Read(file, text.AsSpan(length), length)) > 0;)
            {
                length += read;
            }
            return Parse(pid, text.AsSpan(0, length));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Uid tells real, effective, saved and file-system uid; NSpid one number a namespace, the innermost last (Linux 4.1).</summary>
    public static ProcStatus? Parse(int pid, ReadOnlySpan<byte> status)
    {
        var users = Line(status, "\nUid:"u8);
        var pids = Line(status, "\nNSpid:"u8);
        if (!Utf8Parser.TryParse(users[(users.LastIndexOf((byte)'\t') + 1)..], out uint user, out _))
        {
            return null;
        }
        return new(Utf8Parser.TryParse(pids[(pids.LastIndexOf((byte)'\t') + 1)..], out int inner, out _) ? inner : pid, user);
    }

    private static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> status, ReadOnlySpan<byte> name)
    {
        var at = status.IndexOf(name);
        var rest = at < 0 ? default : status[(at + name.Length)..];
        var end = rest.IndexOf((byte)'\n');
        return end < 0 ? rest : rest[..end];
    }
}
