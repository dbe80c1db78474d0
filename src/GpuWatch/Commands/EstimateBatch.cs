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

    /// <param name="form">csv, json for one array, or JSON lines for anything else.</param>
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
        using var list = form == "json" ? new JsonList(around.Out) : null;
        var output = list?.Element ?? around.Out;
        var json = new EstimateJson(output, indented: false);
        var faults = new Faults(path, around.Error);
        foreach (var (rows, planning) in Planned(table.Rows(path), preset is null ? estimate : _ => (null, null)))
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
                    var (answer, error, fault) = Guarded(rows[i], job => EstimateFormula.Apply(preset, job));
                    faults.Tell(rows[i], fault);
                    Write(rows[i], preset, (answer, error), json, output);
                }
                else
                {
                    faults.Tell(rows[i], plans[i].Fault);
                    var made = (plans[i].Made, plans[i].Error);
                    if (csv)
                    {
                        WriteCsv(rows[i], made, output);
                    }
                    else
                    {
                        Write(rows[i], made, json);
                    }
                }
                list?.EndElement();
            }
        }
        return ExitCode.Done;
    }

    /// <summary>
    /// So many rows at a time, planned while those before are written. Rows before a mistake in the file come before the mistake.
    /// </summary>
    private static IEnumerable<(List<JobRow> Rows, Task<(Plan? Made, string? Error, Exception? Fault)[]> Planning)> Planned(
        IEnumerable<JobRow> rows, Func<Job, (Plan? Plan, string? Error)> estimate)
    {
        using var all = rows.GetEnumerator();
        BadInputException? mistake = null;
        (List<JobRow>, Task<(Plan?, string?, Exception?)[]>)? ahead = null;
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
    private static (Plan? Made, string? Error, Exception? Fault)[] Plans(List<JobRow> rows, Func<Job, (Plan? Plan, string? Error)> estimate)
    {
        var plans = new (Plan?, string?, Exception?)[rows.Count];
        Parallel.For(0, rows.Count, i => plans[i] = Guarded(rows[i], estimate));
        return plans;
    }

    /// <summary>What is made of a row. A bug that one row finds is that row's error: the others are still answered (CONTRACTS 4).</summary>
    private static (T? Made, string? Error, Exception? Fault) Guarded<T>(in JobRow row, Func<Job, (T? Made, string? Error)> make)
        where T : class
    {
        if (row.Job is not { } job)
        {
            return (null, row.Error, null);
        }
        try
        {
            var (made, error) = make(job);
            return (made, error, null);
        }
        catch (Exception bug)
        {
            return (null, Faults.Text(bug), bug);
        }
    }

    /// <summary>Tells a person of the first bug that a row found; each is in its row's error too.</summary>
    private sealed class Faults(string path, TextWriter error)
    {
        private bool isTold;

        public static string Text(Exception bug) => $"a fault of gpuwatch itself: {Plain.Text(bug.Message)}";

        public void Tell(in JobRow row, Exception? bug)
        {
            if (bug is not null && !isTold)
            {
                error.WriteLine($"gpuwatch: {path}:{row.Line}: {Text(bug)}");
                isTold = true;
            }
        }
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

    private static void Write(in JobRow row, Preset preset, (PresetAnswer? Answer, string? Error) made, EstimateJson json, TextWriter output)
    {
        var (answer, error) = made;
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
