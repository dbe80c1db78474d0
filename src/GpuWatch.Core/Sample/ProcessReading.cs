using GpuWatch.Core.Units;

namespace GpuWatch.Core.Sample;

/// <summary>One process on one GPU at one instant.</summary>
/// <param name="Pid">As the driver gives it: the host's numbering, also inside a container. Null: the device itself is watched.</param>
/// <param name="Used">Bytes the driver attributes to the process; null when it does not tell (WDDM, no permission).</param>
/// <param name="TorchAllocated">Live bytes of PyTorch's allocator; null when the process does not report them.</param>
/// <param name="TorchReserved">Bytes PyTorch's allocator holds from CUDA; null when the process does not report them.</param>
/// <param name="StartTicks">Start time of the process in clock ticks since boot, which tells a reused pid from its predecessor; null in recordings.</param>
public readonly record struct ProcessReading(
    int? Pid,
    Bytes? Used,
    Bytes? TorchAllocated = null,
    Bytes? TorchReserved = null,
    long? StartTicks = null);
