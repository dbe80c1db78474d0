using System.Globalization;
using System.Net.Sockets;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.InProcess;
using GpuWatch.Nvml;
using GpuWatch.Store.Sqlite;

namespace GpuWatch.Commands;

/// <summary>Poor: it works, but less than it could.</summary>
internal enum Health { Good, Poor, Bad }

/// <param name="Advice">What to do about it; null when there is nothing to do.</param>
internal sealed record Finding(string Check, Health Health, string Found, string? Advice = null);

/// <summary>The checks of `doctor`, in the order in which one depends on the next.</summary>
internal sealed class Doctor(AgentOptions options, Surroundings around)
{
    private const string DriverVersionFile = "/proc/driver/nvidia/version";

    public IEnumerable<Finding> Examine()
    {
        var library = options.Nvml.Path ?? (around.Environment("GPUWATCH_NVML") is { Length: > 0 } named ? named : null);
        using var opener = new GpuOpener(() => NvmlGpuSource.Open(library), around.Time);
        var opening = opener.Open(GpuOpener.LongPatience, around.Stop);
        yield return SimulatedClock.IsSimulated ? new("driver", Health.Poor, "the simulator stands in for a driver") : Driver();
        yield return Library(library, opening);
        var processes = new HashSet<int>();
        if (opening.Source is { } source)
        {
            foreach (var gpu in source.Gpus)
            {
                var outcome = source.Read(gpu.Index, 0, withProcesses: true);
                yield return Gpu(gpu, outcome);
                processes.UnionWith(outcome.Frame?.Processes.Select(process => process.Pid).OfType<int>() ?? []);
            }
            source.Dispose();
            yield return InProcess(processes);
        }
        yield return Namespace();
        yield return OtherUsers();
        yield return Port();
        yield return Store();
    }

    private static Finding Driver()
    {
        if (File.Exists(DriverVersionFile))
        {
            return new("driver", Health.Good, Plain.Text(File.ReadLines(DriverVersionFile).FirstOrDefault() ?? "loaded"));
        }
        if (File.Exists("/dev/dxg"))
        {
            return new("driver", Health.Poor, "WSL: the driver is Windows' own", "per-process memory is not told under WSL; the device is watched as a whole");
        }
        return Directory.Exists("/sys/module/nouveau")
            ? new("driver", Health.Bad, "the nouveau driver is loaded, which has no NVML", "install NVIDIA's driver; on Debian: apt install nvidia-driver")
            : new("driver", Health.Bad, $"no NVIDIA driver is loaded ({DriverVersionFile} is absent)", "install NVIDIA's driver, or in a container start it with --gpus all; until then `gpuwatch agent` watches a simulated node");
    }

    private static Finding Library(string? library, GpuOpening opening)
    {
        var name = library ?? "the system's NVML";
        if (opening.Source is not { } source)
        {
            return new("library", Health.Bad, $"{name}: {opening.Fault!.Reason}", opening.Fault.Kind switch
            {
                FaultKind.LibraryNotFound => "it comes with NVIDIA's driver (Debian: libnvidia-ml1); in a container the NVIDIA runtime brings it in; --nvml PATH names another",
                FaultKind.DriverReloaded => "the driver was upgraded: reboot, or unload its modules and load the new ones (rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia; modprobe nvidia)",
                FaultKind.NoPermission => "give this user access to /dev/nvidiactl and /dev/nvidia*, e.g. by the group video",
                _ => "see whether nvidia-smi works; if it hangs too, see dmesg for Xid",
            });
        }
        var found = string.Create(CultureInfo.InvariantCulture, $"{name}{(SimulatedClock.IsSimulated ? " (the simulator)" : "")}: {source.Gpus.Length} GPUs, driver {source.Gpus.FirstOrDefault()?.DriverVersion ?? "unknown"}");
        return source.Gpus.IsEmpty
            ? new("library", Health.Bad, found, "see what nvidia-smi -L lists; a container needs --gpus all")
            : new("library", Health.Good, found);
    }

    private static Finding Gpu(GpuInfo gpu, GpuOutcome outcome)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"gpu {gpu.Index}");
        return outcome switch
        {
            { Fault: { Kind: FaultKind.NoPermission } fault } => new(name, Health.Bad, fault.Reason, "run as root, or in a MIG container give it the capability to see its own instance"),
            { Fault: { } fault } => new(name, Health.Bad, fault.Reason, "see dmesg for Xid; a lost GPU needs a reset (nvidia-smi -r) or a reboot"),
            { Frame: { } frame } when frame.Processes.Any(process => process.Pid is null || process.Used is null) =>
                new(name, Health.Poor, $"{gpu.Name}: {frame.Total - frame.Available} of {frame.Total}; the driver does not tell which process holds what", "the device is watched as a whole; run as root, or outside Windows and WSL, to see processes"),
            { Frame: { } frame } => new(name, Health.Good, string.Create(CultureInfo.InvariantCulture, $"{gpu.Name}: {frame.Total - frame.Available} of {frame.Total} in use by {frame.Processes.Length} process{(frame.Processes.Length == 1 ? "" : "es")}")),
            _ => new(name, Health.Bad, "no answer"),
        };
    }

    private Finding InProcess(HashSet<int> processes)
    {
        if (!options.Sampling.InProcess || !TellerFile.CanBeRead)
        {
            return new("in-process", Health.Good, options.Sampling.InProcess ? "cannot be seen from here: this is another pid namespace" : "off");
        }
        var file = new TellerFile();
        var looks = processes.Select(pid => (Pid: pid, Look: file.Look(pid, null))).ToList();
        var telling = looks.Count(one => one.Look.Told is not null);
        var refused = looks.Find(one => one.Look.Refusal is not null);
        var found = string.Create(CultureInfo.InvariantCulture, $"{telling} of {processes.Count} processes tell what PyTorch's allocator holds");
        return refused.Look.Refusal is { } why ? new("in-process", Health.Poor, string.Create(CultureInfo.InvariantCulture, $"{found}; pid {refused.Pid} is not believed: {why}"))
            : telling < processes.Count ? new("in-process", Health.Good, found, "optional, for PyTorch: `import gpuwatch_torch` in the script, or `gpuwatch run --in-process -- python …`, shows leaks that its cache hides")
            : new("in-process", Health.Good, found);
    }

    private static Finding Namespace() => !OperatingSystem.IsLinux() || ProcStat.SeesHostPids
        ? new("pids", Health.Good, "processes are numbered here as the driver numbers them")
        : new("pids", Health.Poor, "this is another pid namespace: names, users and jobs of processes stay unknown", "start the container with --pid=host (Kubernetes: hostPID: true)");

    private static Finding OtherUsers() => Environment.IsPrivilegedProcess
        ? new("processes", Health.Good, "all users' processes can be identified")
        : new("processes", Health.Poor, "the environment of other users' processes cannot be read, so some SLURM jobs stay unknown", "run as root, or with the capability CAP_SYS_PTRACE");

    private Finding Store()
    {
        if (options.Store.Path is not { } path)
        {
            return new("store", Health.Good, "off");
        }
        try
        {
            if (!File.Exists(path))
            {
                return new("store", Health.Good, $"{path} will be made by the first agent");
            }
            using var writer = new StoreWriter(path, options.Store.MaxPages);
            return new("store", Health.Good, $"{path}: {new Bytes(new FileInfo(path).Length)}");
        }
        catch (Exception failure) when (StoreTrouble.Is(failure))
        {
            return new("store", Health.Bad, StoreTrouble.InWords(failure, path), "--store FILE names another place, --store none goes without");
        }
    }

    private Finding Port()
    {
        if (options.Http.Listen is not { } endpoint)
        {
            return new("http", Health.Good, "off");
        }
        try
        {
            using var probe = new TcpListener(endpoint);
            probe.Start();
            return new("http", Health.Good, $"{endpoint} is free");
        }
        catch (SocketException failure)
        {
            return new("http", Health.Poor, $"{endpoint} cannot be listened on: {failure.Message}", "another agent may be running; --listen names another address");
        }
    }
}
