using System.Globalization;
using GpuWatch.Core.Calibrate;
using GpuWatch.Core.Estimate;
using GpuWatch.Jobs;

namespace GpuWatch.Commands;

/// <summary>The accuracy report: tables in Markdown, each saying whether its profile had seen the rows it is judged on.</summary>
internal static class AccuracyReport
{
    public static void Write(TextWriter to, string folder, List<MeasuredRow> rows)
    {
        var runs = rows.Select(row => row.Run).OfType<MeasuredRun>().ToList();
        var found = Calibration.Of(runs, Profile.Prior, shipped: true);
        var left = Score.LeaveSourceOut(runs, found);
        to.WriteLine("# How accurate the estimates are");
        to.WriteLine();
        to.WriteLine("Made by `gpuwatch accuracy --data DIR --out docs/accuracy.md`; do not edit.");
        to.WriteLine();
        to.WriteLine("Error = |estimate − truth| ÷ truth. Macro = median, over the sources with 3 runs or more, of each source's median error.");
        to.WriteLine("Too low = share of estimates more than 10 % below the truth. Held = share of truths inside the 90 % interval.");
        Section(to, "Whole sources left out", "The profile, and the intervals, are fitted on the *other* sources only.", left);
        Section(to, "Shipped profile, in sample", "The shipped profile was fitted on these rows; other rows are the better judge.", Score.InSample(runs, Profile.Default));
        Section(to, "Priors, nothing fitted", "Before any measurement: what the derivations alone give.", Score.InSample(runs, Profile.Prior));
        BySource(to, left);
        AfterFewRuns(to, runs);
        ByMethod(to, rows, left);
        RecordedSteps.Write(to, folder);
        OtherRules.Write(to, rows);
    }

    private static void Section(TextWriter to, string title, string remark, List<Judged> judged)
    {
        Head(to, title, remark, "quantity");
        foreach (var quantity in Enum.GetValues<Quantity>())
        {
            Row(to, Name(quantity), [.. judged.Where(one => one.Run.Quantity == quantity)]);
        }
    }

    private static void BySource(TextWriter to, List<Judged> judged)
    {
        Head(to, "By source, left out", "Each source by a profile that has seen none of its runs.", "source, quantity");
        foreach (var group in judged.GroupBy(one => (one.Run.Source, one.Run.Quantity)).OrderBy(group => group.Key.Source, StringComparer.Ordinal).ThenBy(group => group.Key.Quantity))
        {
            Row(to, $"{group.Key.Source}, {Name(group.Key.Quantity)}", [.. group]);
        }
    }

    private static void AfterFewRuns(TextWriter to, List<MeasuredRun> runs)
    {
        to.WriteLine();
        to.WriteLine($"## With {FewRuns.Drawn} runs of a source");
        to.WriteLine();
        to.WriteLine($"A profile fitted without the source is calibrated on {FewRuns.Drawn} of its runs drawn at random, as a user's would be, and judged on its other runs:");
        to.WriteLine("median errors, median over the draws. Kept: draws whose calibration was saved; else nothing changes. Worse: draws after which it was more than 0.5 % worse.");
        to.WriteLine();
        to.WriteLine("| source | rows | before | after | kept | worse |");
        to.WriteLine("|---|---:|---:|---:|---:|---:|");
        foreach (var few in FewRuns.OfEachSource(runs))
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {few.Source} | {few.Rows} | {few.Before:P1} | {few.After:P1} | {few.Kept} of {few.Draws} | {few.Worse} of {few.Draws} |"));
        }
    }

    private static void ByMethod(TextWriter to, List<MeasuredRow> rows, List<Judged> judged)
    {
        Head(to, "By method and GPUs, left out", "As above.", "method, GPUs, quantity");
        var jobs = rows.Where(row => row.Run is not null).ToDictionary(row => (object)row.Run!, row => row.Job, ReferenceEqualityComparer.Instance);
        var groups = judged.GroupBy(one => (Method: jobs[one.Run].Method ?? "unknown", one.Run.Several, one.Run.Quantity));
        foreach (var group in groups.OrderBy(group => group.Key.Method, StringComparer.Ordinal).ThenBy(group => group.Key.Several).ThenBy(group => group.Key.Quantity))
        {
            Row(to, $"{group.Key.Method}, {(group.Key.Several ? "several" : "one")}, {Name(group.Key.Quantity)}", [.. group]);
        }
    }

    private static void Head(TextWriter to, string title, string remark, string first)
    {
        to.WriteLine();
        to.WriteLine($"## {title}");
        to.WriteLine();
        to.WriteLine(remark);
        to.WriteLine();
        to.WriteLine($"| {first} | rows | macro | median | 90 % within | bias | too low | held |");
        to.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
    }

    private static void Row(TextWriter to, string name, List<Judged> judged)
    {
        if (judged.Count == 0)
        {
            return;
        }
        var score = Score.Of(judged);
        to.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {score.Rows} | {(score.Macro is { } macro ? macro.ToString("P1", CultureInfo.InvariantCulture) : "")} | {score.Median:P1} | {score.P90:P1} | {(score.Bias > 0 ? "+" : "")}{score.Bias:P1} | {score.TooLow:P0} | {score.Held:P0} |"));
    }

    private static string Name(Quantity quantity) => quantity switch
    {
        Quantity.Allocated => "allocated",
        Quantity.Reserved => "reserved",
        _ => "device",
    };
}
