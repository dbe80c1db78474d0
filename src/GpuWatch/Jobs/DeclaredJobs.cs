using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Sampling;
using GpuWatch.Sinks;

namespace GpuWatch.Jobs;

/// <summary>
/// What the processes were declared to train: decided when each is first seen, and known until its account is closed, by when the
/// process is gone and nobody could be asked any more. Added after the sinks that ask. Any thread may ask.
/// </summary>
/// <param name="decide">The job of a process on a GPU; null: nobody declared it.</param>
internal sealed class DeclaredJobs(Func<int, ProcessReading, ProcessFacts?, Job?> decide, ProcessDirectory directory) : IEventSink
{
    private readonly Dictionary<(int Gpu, int? Pid), Job> known = [];
    private readonly Lock guard = new();

    public Job? Decide(int gpu, ProcessReading process)
    {
        var job = decide(gpu, process, process.Pid is null ? null : directory.Of(process));
        lock (guard)
        {
            if (job is null)
            {
                known.Remove((gpu, process.Pid));
            }
            else
            {
                known[(gpu, process.Pid)] = job;
            }
        }
        return job;
    }

    /// <param name="pid">Null: the device itself.</param>
    public Job? Of(int gpu, int? pid)
    {
        lock (guard)
        {
            return known.GetValueOrDefault((gpu, pid));
        }
    }

    public void Accept(WatchEvent happened)
    {
        if (happened is Reconciled)
        {
            lock (guard)
            {
                known.Remove((happened.Gpu, happened.Pid));
            }
        }
    }
}
