using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Commands;

/// <summary>`estimate --batch`: one line for each row of a table of jobs, in order, as it is read.</summary>
internal static class EstimateBatch
{
    public static int Run(string path, Surroundings around)
    {
        using var table = JobTable.Open(path);
        var passedOver = table.PassedOver.ToArray();
        if (passedOver.Length > 0)
        {
            around.Error.WriteLine($"gpuwatch: {path}:1: columns passed over: {string.Join(", ", passedOver.Select(Plain.Text))}");
        }
        var json = new EstimateJson(around.Out, indented: false);
        foreach (var row in table.Rows(path))
        {
            if (around.Stop.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
            var (plan, error) = row.Job is null ? (null, row.Error) : Estimator.Estimate(row.Job);
            if (plan is null)
            {
                json.WriteError(row.Id, error ?? "this row cannot be estimated");
            }
            else
            {
                json.Write(row.Id, row.Job!, plan, row.Notes);
            }
        }
        return ExitCode.Done;
    }
}
