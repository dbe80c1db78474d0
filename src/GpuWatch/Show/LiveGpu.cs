using GpuWatch.Core.Sample;
using GpuWatch.Sampling;

namespace GpuWatch.Show;

/// <summary>A GPU as it stands now: its last frame or the fault that stands in for it, and who is on it.</summary>
internal sealed class LiveGpu(GpuInfo info)
{
    private static readonly SortedDictionary<int, LiveProcess> Nobody = [];

    private readonly HashSet<int> present = [];
    /// <summary>Kept through a fault, unseen: what was planned for them is not told twice.</summary>
    private readonly SortedDictionary<int, LiveProcess> processes = [];

    public GpuInfo Info { get; set; } = info;

    /// <summary>Null before the first reading and while the GPU gives no data: an old frame is never shown as a new one.</summary>
    public GpuFrame? Frame { get; private set; }
    public Fault? Fault { get; private set; }

    /// <summary>When it was last read with success; null if never.</summary>
    public double? LastSeenSeconds { get; private set; }

    /// <summary>By pid; the device as a whole, where only that is known, has none here.</summary>
    public IReadOnlyDictionary<int, LiveProcess> Processes => Fault is null ? processes : Nobody;
    public History History { get; } = new();

    public void Take(double timeSeconds, GpuOutcome outcome, ProcessDirectory directory)
    {
        (Frame, Fault) = (outcome.Frame, outcome.Fault);
        if (outcome.Frame is not { } frame)
        {
            return;
        }
        LastSeenSeconds = timeSeconds;
        History.Add(timeSeconds, frame.Used.Count);
        Take(frame, directory);
    }

    private void Take(GpuFrame frame, ProcessDirectory directory)
    {
        present.Clear();
        foreach (var reading in frame.Processes)
        {
            if (reading.Pid is not { } pid)
            {
                continue;
            }
            present.Add(pid);
            if (!processes.TryGetValue(pid, out var process) || process.Reading.StartTicks != reading.StartTicks)
            {
                processes[pid] = process = new LiveProcess(directory.Of(reading));
            }
            process.Take(frame.TimeSeconds, reading);
        }
        if (present.Count < processes.Count)
        {
            foreach (var gone in processes.Keys.Where(pid => !present.Contains(pid)).ToList())
            {
                processes.Remove(gone);
            }
        }
    }
}
