using System.Globalization;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Jobs;

/// <summary>A table of jobs whose peak was measured: the vocabulary's columns and peak_gib.</summary>
internal static class MeasuredJobs
{
    /// <summary>An allocator near the end of its card takes what is there: such device readings say nothing about the job.</summary>
    private const double SaturatedShare = 0.95;

    /// <summary>The rows with a peak, a known metric and a job that can be read; saturated device readings are left out.</summary>
    /// <exception cref="BadInputException">The file cannot be read or has no column peak_gib.</exception>
    public static IEnumerable<(Job Job, Bytes Peak)> Read(string path)
    {
        using var table = JobTable.Open(path);
        var column = table.Columns.IndexOf("peak_gib");
        if (column < 0)
        {
            throw new BadInputException($"{path}:1", "there is no column peak_gib", "expected measured peaks in GiB");
        }
        foreach (var row in table.Rows(path))
        {
            if (row.Job is { Metric: not null and not "unknown" } job
                && double.TryParse(row.Fields[column], NumberStyles.Float, CultureInfo.InvariantCulture, out var gib) && gib > 0
                && !(job.Metric is "nvidia_smi" or "nvml" && gib > SaturatedShare * job.GpuMemGb))
            {
                yield return (job, Bytes.FromGiB(gib));
            }
        }
    }
}
