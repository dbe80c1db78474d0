using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Commands;

/// <summary>`estimate --batch`: one line for each row of a table of jobs, in order, as it is read.</summary>
internal static class EstimateBatch
{
    /// <param name="form">csv, or JSON lines for anything else.</param>
    /// <param name="preset">Estimate by this rule; null = by the plan.</param>
    public static int Run(string path, string form, Preset? preset, Func<Job, (Plan? Plan, string? Error)> estimate, Surroundings around)
    {
        using var table = JobTable.Open(path);
        var passedOver = table.PassedOver.ToArray();
        if (passedOver.Length > 0)
        {
            around.Error.WriteLine($"gpuwatch: {path}:1: columns passed over: {string.Join(", ", passedOver.Select(Plain.Text))}");
        }
        var csv = form == "csv" && preset is null;
        if (csv)
        {
            EstimateCsv.WriteHeader(around.Out);
        }
        var json = new EstimateJson(around.Out, indented: false);
        foreach (var row in table.Rows(path))
        {
            if (around.Stop.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
            if (csv)
            {
                WriteCsv(row, estimate, around.Out);
            }
            else if (preset is not null)
            {
                Write(row, preset, json, around.Out);
            }
            else
            {
                Write(row, estimate, json);
            }
        }
        return ExitCode.Done;
    }

    private static void Write(in JobRow row, Func<Job, (Plan? Plan, string? Error)> estimate, EstimateJson json)
    {
        var (plan, error) = row.Job is { } job ? estimate(job) : (null, row.Error);
        if (plan is null)
        {
            json.WriteError(row.Id, error ?? "this row cannot be estimated");
        }
        else
        {
            json.Write(row.Id, row.Job!, plan, row.Notes);
        }
    }

    private static void Write(in JobRow row, Preset preset, EstimateJson json, TextWriter output)
    {
        var (answer, error) = row.Job is { } job ? EstimateFormula.Apply(preset, job) : (null, row.Error);
        if (answer is null)
        {
            json.WriteError(row.Id, error ?? "this row cannot be estimated");
        }
        else
        {
            EstimateFormula.WriteJson(preset, row.Id, answer, indented: false, output);
        }
    }

    private static void WriteCsv(in JobRow row, Func<Job, (Plan? Plan, string? Error)> estimate, TextWriter output)
    {
        var (plan, error) = row.Job is { } job ? estimate(job) : (null, row.Error);
        if (plan is null)
        {
            EstimateCsv.WriteError(output, row.Id, error ?? "this row cannot be estimated");
        }
        else
        {
            EstimateCsv.Write(output, row.Id, row.Job!, plan);
        }
    }
}
