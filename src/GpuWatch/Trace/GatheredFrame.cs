using GpuWatch.Core.Sample;

namespace GpuWatch.Trace;

/// <summary>The rows of one GPU at one instant, on their way to a frame.</summary>
internal sealed class GatheredFrame(double timeSeconds, int gpu)
{
    private readonly List<ProcessReading> processes = [];
    private Row device;
    private Fault? fault;

    /// <summary>Why the row cannot belong to what is gathered; null when it can.</summary>
    public string? Contradiction(in Row row)
    {
        if (processes.Count == 0 || row.Process?.Pid is not { } pid)
        {
            return null;
        }
        if (row.Used != device.Used || row.Total != device.Total)
        {
            return $"GPU {gpu} is said to use {device.Used.Count} of {device.Total.Count} and {row.Used.Count} of {row.Total.Count} bytes at the same time";
        }
        return Has(pid) ? $"process {pid} is told twice at the same time on GPU {gpu}" : null;
    }

    /// <summary>Takes a row. Two readings of the device within the clock's resolution are one, and the larger use counts.</summary>
    public void Add(in Row row)
    {
        fault = row.Fault ?? fault;
        if (row.Process is { Pid: null } && processes is [{ Pid: null }])
        {
            if (row.Used <= device.Used)
            {
                return;
            }
            processes.Clear();
        }
        device = row;
        if (row.Process is { } process)
        {
            processes.Add(process);
        }
    }

    public GpuOutcome Outcome()
    {
        if (fault is not null)
        {
            return GpuOutcome.Of(gpu, fault);
        }
        if (processes.Count > 1)
        {
            processes.Sort(static (a, b) => Nullable.Compare(a.Pid, b.Pid));
        }
        return GpuOutcome.Of(new GpuFrame(
            timeSeconds, gpu, device.Total, device.Used, device.Reserved, device.Free, [.. processes]));
    }

    private bool Has(int pid)
    {
        foreach (var process in processes)
        {
            if (process.Pid == pid)
            {
                return true;
            }
        }
        return false;
    }
}
