using System.Collections.Immutable;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.InProcess;

/// <summary>What a process tells of PyTorch's allocator on one device, at one moment.</summary>
/// <param name="Uuid">As CUDA names the card, without NVML's "GPU-"; null when PyTorch is too old to tell.</param>
/// <param name="BusId">As NVML names it; null likewise.</param>
internal sealed record ToldDevice(string? Uuid, string? BusId, Bytes Allocated, Bytes Reserved)
{
    /// <summary>Whether it says that it is this GPU; null when it does not say which it is.</summary>
    public bool? IsOn(GpuInfo gpu)
    {
        if (Uuid is { } uuid && gpu.Uuid is not null)
        {
            return Ends(gpu.Uuid, uuid) || Ends(gpu.ParentUuid, uuid);
        }
        return BusId is { } bus && gpu.PciBusId is { } place ? string.Equals(place, bus, StringComparison.OrdinalIgnoreCase) : null;
    }

    private static bool Ends(string? name, string uuid) =>
        name is not null && name.EndsWith(uuid, StringComparison.OrdinalIgnoreCase) && (name.Length == uuid.Length || name[^(uuid.Length + 1)] == '-');
}

/// <summary>One file of a process, as it was checked.</summary>
/// <param name="MonotonicNanoseconds">When it was read in the process: CLOCK_MONOTONIC, which all processes of a machine share.</param>
/// <param name="PeriodNanoseconds">How often it tells.</param>
internal sealed record Told(long MonotonicNanoseconds, long PeriodNanoseconds, ImmutableArray<ToldDevice> Devices)
{
    /// <summary>A program that holds the GIL for longer says nothing of itself meanwhile, and what it said before may be long past.</summary>
    public bool IsFresh(long now) => now - MonotonicNanoseconds <= 3 * PeriodNanoseconds + 1_000_000_000;

    /// <summary>When there should be the next: its period may be a tenth longer.</summary>
    public long NextAt => MonotonicNanoseconds + PeriodNanoseconds + PeriodNanoseconds / 8;

    /// <summary>What it tells of a GPU; null when it does not tell of it, or not surely.</summary>
    /// <param name="isOnItAlone">The driver lists the process on no other GPU.</param>
    public ToldDevice? On(GpuInfo gpu, bool isOnItAlone)
    {
        foreach (var device in Devices)
        {
            // The instances of a card that is cut bear its name too: which of them it is, PyTorch does not tell.
            if (device.IsOn(gpu) is true && (gpu.ParentUuid is null || isOnItAlone))
            {
                return device;
            }
        }
        return isOnItAlone && Devices.Length == 1 && Devices[0].IsOn(gpu) is null ? Devices[0] : null;
    }
}
