using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Nvml;

/// <summary>
/// The numbers that GPUs and MIG instances keep through all sessions of an agent. NVML numbers anew whenever one comes or goes, and a
/// series that changed its number would be taken for another device's: a device keeps the number under which it was first seen, and
/// one that comes later takes NVML's if that is free. Not thread-safe.
/// </summary>
public sealed class GpuNumbers
{
    private ImmutableArray<GpuInfo> known = [];

    /// <param name="listed">As the driver lists them now; GPUs that cannot be reached have no UUID.</param>
    /// <param name="cut">UUIDs of the GPUs that are cut into instances, and so not watched as a whole.</param>
    /// <param name="removed">Known before, and neither listed nor merely lost.</param>
    /// <returns>The listed ones by their numbers, and the known GPUs that the driver does not list any more: those may come back.</returns>
    internal ImmutableArray<FoundGpu> Number(IReadOnlyList<FoundGpu> listed, IReadOnlySet<string> cut, out ImmutableArray<GpuInfo> removed)
    {
        var lost = new Queue<GpuInfo>(known.Where(info => info is { ParentUuid: null, Uuid: { } uuid } && !cut.Contains(uuid) && !listed.Any(one => one.Info.Uuid == uuid)));
        var taken = known.Select(info => info.Index).ToHashSet();
        var numbered = new List<FoundGpu>();
        foreach (var one in listed)
        {
            // One that cannot be reached, while one is missing, is that one.
            var info = one.Info.Uuid is null && lost.TryDequeue(out var missing) ? missing : one.Info with { Index = NumberOf(one.Info, taken) };
            taken.Add(info.Index);
            numbered.Add(one with { Info = info });
        }
        numbered.AddRange(lost.Select(info => new FoundGpu(info, default)));
        var before = known;
        known = [.. numbered.Select(one => one.Info).OrderBy(info => info.Index)];
        removed = [.. before.Where(info => !known.Any(still => still.Index == info.Index))];
        return [.. numbered.OrderBy(one => one.Info.Index)];
    }

    private int NumberOf(GpuInfo info, HashSet<int> taken)
    {
        if (known.FirstOrDefault(one => IsSame(one, info)) is { } same)
        {
            return same.Index;
        }
        var number = info.Index;
        while (taken.Contains(number))
        {
            number++;
        }
        return number;
    }

    /// <summary>One that could not be reached when it was first seen is known by its place only.</summary>
    private static bool IsSame(GpuInfo known, GpuInfo info) =>
        known.Uuid is { } uuid ? uuid == info.Uuid : known.Index == info.Index && info.ParentUuid is null;
}

/// <param name="Device">Zero: to be found by its UUID.</param>
internal readonly record struct FoundGpu(GpuInfo Info, NvmlDevice Device);
