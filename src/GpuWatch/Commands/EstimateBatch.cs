using System.Runtime.ExceptionServices;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Commands;

/// <summary>`estimate --batch`: one line for each row of a table of jobs, in order, as it is read.</summary>
internal static class EstimateBatch
{
    /// <summary>Rows that are read before they are estimated together.</summary>
    private const int AtATime = 256;

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
        foreach (var (rows, planning) in Planned(table.Rows(path), preset is null ? estimate : _ => default))
        {
            if (around.Stop.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
            var plans = planning.GetAwaiter().GetResult();
            for (var i = 0; i < rows.Count; i++)
            {
                if (preset is not null)
                {
                    Write(rows[i], preset, json, around.Out);
                }
                else if (csv)
                {
                    WriteCsv(rows[i], plans[i], around.Out);
                }
                else
                {
                    Write(rows[i], plans[i], json);
                }
            }
        }
        return ExitCode.Done;
    }

    /// <summary>
    /// So many rows at a time, planned while those before are written. Rows before a mistake in the file come before the mistake.
    /// </summary>
    private static IEnumerable<(List<JobRow> Rows, Task<(Plan? Plan, string? Error)[]> Planning)> Planned(
        IEnumerable<JobRow> rows, Func<Job, (Plan? Plan, string? Error)> estimate)
    {
        using var all = rows.GetEnumerator();
        BadInputException? mistake = null;
        (List<JobRow>, Task<(Plan?, string?)[]>)? ahead = null;
        var more = true;
        while (more)
        {
            var some = new List<JobRow>(AtATime);
            while (more && some.Count < AtATime)
            {
                try
                {
                    more = all.MoveNext();
                }
                catch (BadInputException bad)
                {
                    (mistake, more) = (bad, false);
                }
                if (more)
                {
                    some.Add(all.Current);
                }
            }
            var planning = Task.Run(() => Plans(some, estimate));
            if (ahead is { } before)
            {
                yield return before;
            }
            ahead = (some, planning);
        }
        yield return ahead!.Value;
        if (mistake is not null)
        {
            ExceptionDispatchInfo.Throw(mistake);
        }
    }

    /// <summary>Plans do not know each other, so all cores make them.</summary>
    private static (Plan? Plan, string? Error)[] Plans(List<JobRow> rows, Func<Job, (Plan? Plan, string? Error)> estimate)
    {
        var plans = new (Plan?, string?)[rows.Count];
        Parallel.For(0, rows.Count, i => plans[i] = rows[i].Job is { } job ? estimate(job) : (null, rows[i].Error));
        return plans;
    }

    private static void Write(in JobRow row, (Plan? Plan, string? Error) made, EstimateJson json)
    {
        var (plan, error) = made;
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

    private static void WriteCsv(in JobRow row, (Plan? Plan, string? Error) made, TextWriter output)
    {
        var (plan, error) = made;
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
