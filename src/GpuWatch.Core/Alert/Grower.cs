using GpuWatch.Core.Units;

namespace GpuWatch.Core.Alert;

/// <summary>A tenant that has taken memory beside another.</summary>
/// <param name="Name">As the operating system tells it, made inert; null when it does not.</param>
/// <param name="Grown">Bytes it has taken since the other started.</param>
/// <param name="BytesPerSecond">How fast it takes more; 0 when it rests.</param>
internal readonly record struct Grower(int Pid, string? Name, Bytes Grown, double BytesPerSecond)
{
    /// <summary>"pid 4242 (server), 1.3 GiB a minute".</summary>
    public override string ToString() =>
        $"pid {Pid}{(Name is { } name ? $" ({name})" : "")}{(BytesPerSecond > 0 ? $", {new Bytes((long)(BytesPerSecond * 60))} a minute" : "")}";
}
