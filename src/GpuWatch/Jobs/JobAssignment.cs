using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;

namespace GpuWatch.Jobs;

/// <summary>
/// Which process of a recording is the declared job: the one with the given pid, else the first on each GPU; those that come later
/// are its neighbours. First means seen first, so that nothing later in the recording changes the answer.
/// </summary>
internal sealed class JobAssignment(Job? job, int? pid)
{
    private readonly Dictionary<int, int?> first = [];

    public Job? Of(int gpu, ProcessReading process)
    {
        if (job is null)
        {
            return null;
        }
        if (pid is { } named)
        {
            return process.Pid == named ? job : null;
        }
        first.TryAdd(gpu, process.Pid);
        return first[gpu] == process.Pid ? job : null;
    }
}
