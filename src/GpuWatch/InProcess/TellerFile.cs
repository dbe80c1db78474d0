using System.Globalization;
using GpuWatch.Nvml;

namespace GpuWatch.InProcess;

/// <summary>How the file of a process is found: it is named after the process as it numbers itself, and belongs to its user.</summary>
/// <param name="StartTicks">Tells it from an earlier process of that number, and from those of other containers that share its /dev/shm.</param>
internal sealed record TellerName(int InnerPid, long StartTicks, uint User)
{
    public string File => string.Create(CultureInfo.InvariantCulture, $"gpuwatch-{InnerPid}-{StartTicks}.json");
}

/// <summary>What was found of a process: both null where it tells nothing, which is usual.</summary>
/// <param name="Name">Kept for the next look; null: there is no such process.</param>
/// <param name="Refusal">Why its file is not believed.</param>
internal readonly record struct TellerLook(TellerName? Name, Told? Told, string? Refusal);

/// <summary>Reads the files in which processes tell of PyTorch's allocator. Blocks as long as the file system does; not thread-safe.</summary>
internal sealed class TellerFile
{
    public const int MostBytes = 1 << 16;
    private static readonly string[] Folders = ["dev", "shm"];

    private readonly byte[] buffer = new byte[MostBytes];

    /// <summary>Pids here must be the driver's, or a simulator's that names processes of this machine.</summary>
    public static bool CanBeRead => OperatingSystem.IsLinux() && (SimulatedClock.IsSimulated || ProcStat.SeesHostPids);

    /// <param name="known">What the last look found; null at the first.</param>
    public TellerLook Look(int pid, TellerName? known)
    {
        var name = known ?? NameOf(pid);
        if (name is null)
        {
            return default;
        }
        var read = ForeignFile.Read(RootOf(pid), Folders, name.File, name.User, buffer);
        if (read.Length is not { } length)
        {
            return new(name, null, read.Refusal);
        }
        var fault = ToldParser.Parse(buffer.AsSpan(0, length), out var told);
        return new(name, told, fault);
    }

    /// <summary>Its own root, since a container has a /dev/shm of its own; ours where that may not be entered.</summary>
    private static string RootOf(int pid)
    {
        var own = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/root");
        return ForeignFile.CanEnter(own) ? own : "/";
    }

    private static TellerName? NameOf(int pid) =>
        ProcStat.StartTicks(pid) is { } ticks && ProcStatus.Read(pid) is { } status ? new(status.InnerPid, ticks, status.User) : null;
}
