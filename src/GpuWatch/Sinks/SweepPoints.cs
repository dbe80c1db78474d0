using GpuWatch.Core.Sample;

namespace GpuWatch.Sinks;

/// <summary>What a sweep is to a store: a point a GPU, and a point a process.</summary>
internal static class SweepPoints
{
    /// <returns>1 for anything that is no sweep.</returns>
    public static int Of(object item)
    {
        if (item is not Sweep sweep)
        {
            return 1;
        }
        var points = sweep.Gpus.Length;
        foreach (var gpu in sweep.Gpus)
        {
            if (gpu.Frame is not { } frame)
            {
                continue;
            }
            foreach (var process in frame.Processes)
            {
                // Without a pid it is the device, which has its point already.
                points += process.Pid is null ? 0 : 1;
            }
        }
        return points;
    }
}
