using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Alert;

/// <summary>The processes of one GPU, and who of them grows beside whom.</summary>
/// <param name="nameOf">What the operating system calls a process; null when nobody can say.</param>
internal sealed class Tenants(Func<ProcessReading, string?>? nameOf)
{
    /// <summary>Who took less than this share of what others took is not to blame.</summary>
    private const double BlameShare = 0.5;

    /// <summary>A shorter burst has no pace.</summary>
    private const double LeastClimbSeconds = 5;

    private readonly SortedList<int, ProcessWatch> processes = [];

    public IList<ProcessWatch> All => processes.Values;

    public ProcessWatch? Of(ProcessReading reading) => processes.GetValueOrDefault(Key(reading));

    public void Set(ProcessReading reading, ProcessWatch watch) => processes[Key(reading)] = watch;

    public void RemoveAt(int index) => processes.RemoveAt(index);

    public void Clear() => processes.Clear();

    /// <summary>The tenant that took the most since <paramref name="beside"/> started; null when none took enough to be blamed.</summary>
    public Grower? Blamed(ProcessWatch beside)
    {
        Grower? most = null;
        foreach (var (pid, tenant) in processes)
        {
            var grown = tenant == beside || tenant.Pid is null ? Bytes.Zero : tenant.Series.GrownSince(beside.Series.StartedSeconds);
            if (grown > beside.Series.OthersGrown * BlameShare && grown > (most?.Grown ?? Bytes.Zero))
            {
                var name = nameOf?.Invoke(new ProcessReading(pid, null, StartTicks: tenant.StartTicks));
                most = new Grower(pid, name is null ? null : Plain.Text(name), grown, tenant.Series.Climb.ElapsedSeconds < LeastClimbSeconds ? 0 : tenant.Series.Climb.BytesPerSecond);
            }
        }
        return most;
    }

    private static int Key(ProcessReading reading) => reading.Pid ?? -1;
}
