using System.Collections.Immutable;
using System.Runtime.InteropServices;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Nvml;

/// <summary>
/// Gathers the lists of one device into one entry a process, by ascending pid. A process in two lists (compute and graphics, or
/// compute and MPS) is one process, and each list tells all its memory, so the larger figure stands and nothing is added up.
/// While nothing changes it hands out the same array and allocates nothing.
/// </summary>
/// <param name="startTicks">Start time of a process, asked once while it stays; null when it cannot be told.</param>
/// <param name="torch">What a process tells of PyTorch's allocator, asked each time; null where nobody can tell.</param>
internal sealed class ProcessTable(Func<int, long?> startTicks, Func<int, (Bytes? Allocated, Bytes? Reserved)>? torch = null)
{
    private ProcessReading[] scratch = new ProcessReading[16];
    private int count;
    private ImmutableArray<ProcessReading> last = [];

    public void Clear() => count = 0;

    /// <param name="bytes">All ones when the driver does not tell.</param>
    public void Add(uint pid, ulong bytes)
    {
        if (count == scratch.Length)
        {
            Array.Resize(ref scratch, 2 * count);
        }
        scratch[count++] = new ProcessReading((int)pid, DeviceMemory.IsUnknown(bytes) ? null : new Bytes((long)bytes));
    }

    public ImmutableArray<ProcessReading> Take()
    {
        var entries = scratch.AsSpan(0, count);
        entries.Sort(static (a, b) => a.Pid.GetValueOrDefault().CompareTo(b.Pid.GetValueOrDefault()));
        entries = entries[..Merge(entries)];
        AddStartTicks(entries);
        AddTorch(entries);
        if (!entries.SequenceEqual(last.AsSpan()))
        {
            last = ImmutableCollectionsMarshal.AsImmutableArray(entries.ToArray());
        }
        return last;
    }

    private static int Merge(Span<ProcessReading> sorted)
    {
        var kept = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            if (kept > 0 && sorted[kept - 1].Pid == sorted[i].Pid)
            {
                sorted[kept - 1] = Larger(sorted[kept - 1], sorted[i]);
            }
            else
            {
                sorted[kept++] = sorted[i];
            }
        }
        return kept;
    }

    private static ProcessReading Larger(ProcessReading a, ProcessReading b) =>
        a.Used is not { } first || (b.Used is { } second && second > first) ? b : a;

    /// <summary>Only newcomers are asked for: the kernel hands out all other numbers (32,768 at least) before it gives one again.</summary>
    private void AddStartTicks(Span<ProcessReading> entries)
    {
        var before = last.AsSpan();
        foreach (ref var entry in entries)
        {
            while (!before.IsEmpty && before[0].Pid < entry.Pid)
            {
                before = before[1..];
            }
            var known = !before.IsEmpty && before[0].Pid == entry.Pid;
            entry = entry with { StartTicks = known ? before[0].StartTicks : startTicks(entry.Pid.GetValueOrDefault()) };
        }
    }

    private void AddTorch(Span<ProcessReading> entries)
    {
        if (torch is null)
        {
            return;
        }
        foreach (ref var entry in entries)
        {
            var (allocated, reserved) = torch(entry.Pid.GetValueOrDefault());
            entry = entry with { TorchAllocated = allocated, TorchReserved = reserved };
        }
    }
}
