namespace GpuWatch.Sampling;

/// <summary>Who a process is, as far as the operating system tells. Each is null where it does not, or may not. The text is the process's own and not to be trusted.</summary>
/// <param name="StartTicks">Start time in clock ticks since boot: with the pid it names one process for good.</param>
/// <param name="Name">The short name the kernel keeps, at most 15 bytes.</param>
/// <param name="CommandLine">Arguments joined by spaces, at most 4 KiB of them.</param>
/// <param name="Container">Id of its container, 64 hexadecimal digits.</param>
/// <param name="Pod">UID of its Kubernetes pod.</param>
/// <param name="SlurmJob">Its SLURM job id.</param>
internal sealed record ProcessFacts(
    int Pid,
    long? StartTicks = null,
    string? Name = null,
    string? CommandLine = null,
    string? User = null,
    string? Container = null,
    string? Pod = null,
    string? SlurmJob = null);
