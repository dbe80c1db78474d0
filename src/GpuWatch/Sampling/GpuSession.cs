using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Nvml;
using GpuWatch.Options;

namespace GpuWatch.Sampling;

/// <summary>Which NVML is read, and the sessions with it. The first is opened at once, so that a mistake ends the start.</summary>
internal sealed class GpuSession : IDisposable
{
    private readonly GpuOpener opener;
    private GpuOpening? first;

    private readonly string? simulated;

    private GpuSession(GpuOpener opener, GpuOpening first, string? simulated) =>
        (this.opener, this.first, this.simulated) = (opener, first, simulated);

    /// <summary>There is no NVIDIA driver, so the simulated node stands in for one.</summary>
    public bool IsFallback => simulated is not null;

    /// <summary>What the users of the simulated node declared their jobs to be; null for a real one.</summary>
    public string? SimulatedJobs => simulated is null ? null : Path.Combine(Path.GetDirectoryName(simulated)!, "jobs");

    /// <summary>Why the first session could not be opened; null when it was.</summary>
    public Fault? Fault => first?.Fault;

    /// <summary>The simulator's pids are not this machine's, nor are the driver's inside another pid namespace.</summary>
    public static bool KnowsProcesses => !SimulatedClock.IsSimulated && ProcStat.SeesHostPids;

    /// <summary>Who the processes of the loaded library are.</summary>
    public static ProcessDirectory Directory(TimeProvider time) => KnowsProcesses ? new ProcessDirectory(new ProcFs().Read, time)
        : SimulatedClock.IsSimulated ? new ProcessDirectory(pid => SimulatedProcess(pid, SimulatedNode.CommandLine(pid)), time)
        : ProcessDirectory.Empty(time);

    /// <summary>Named as the kernel would: the program without its folder and arguments.</summary>
    private static ProcessFacts SimulatedProcess(int pid, string? commandLine) =>
        new(pid, Name: commandLine is null ? null : Path.GetFileName(commandLine.Split(' ')[0]), CommandLine: commandLine);

    /// <param name="patience">How long to wait for a driver that is slow to initialise; null for <see cref="GpuOpener.Patience"/>.</param>
    /// <exception cref="BadInputException">The library that was named cannot be used.</exception>
    public static GpuSession Start(NvmlOptions options, Func<string, string?> environment, TimeProvider time, TimeSpan? patience, CancellationToken stop)
    {
        var named = options.Path ?? (environment("GPUWATCH_NVML") is { Length: > 0 } path ? path : null);
        var simulated = named is null && !options.RequireGpu && !HasDriver ? SimulatedLibrary() : null;
        var library = named ?? simulated;
        var numbers = new GpuNumbers();
        var opener = new GpuOpener(() => NvmlGpuSource.Open(library, numbers), time);
        var first = opener.Open(patience, stop);
        if (named is not null && first.Fault is { Kind: FaultKind.LibraryNotFound } fault)
        {
            opener.Dispose();
            throw new BadInputException(named, fault.Reason.TrimEnd('.'), "the path of an NVML library is expected");
        }
        return new GpuSession(opener, first, simulated);
    }

    /// <summary>The next session: the one from the start, later a new one.</summary>
    /// <exception cref="GpuSessionException">It cannot be opened.</exception>
    public IGpuSource Open()
    {
        var opening = Interlocked.Exchange(ref first, null) ?? opener.Open();
        return opening.Source ?? throw new GpuSessionException(opening.Fault!);
    }

    /// <summary>A driver leaves its device files, also inside containers and under WSL.</summary>
    private static bool HasDriver =>
        !OperatingSystem.IsLinux() || File.Exists("/dev/nvidiactl") || File.Exists("/dev/dxg") || File.Exists("/proc/driver/nvidia/version");

    /// <summary>It is built into artifacts/native, beside or above the program. Null when it is not there.</summary>
    private static string? SimulatedLibrary()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            foreach (var place in (ReadOnlySpan<string>)["native", "artifacts/native"])
            {
                var library = Path.Combine(folder.FullName, place, "libnvidia-ml.so.1");
                if (File.Exists(library))
                {
                    return library;
                }
            }
        }
        return null;
    }

    public void Dispose() => opener.Dispose();
}
