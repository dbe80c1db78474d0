using System.Globalization;
using GpuWatch.Core.Estimate;
using GpuWatch.Jobs;
using MathNet.Numerics.Statistics;

namespace GpuWatch.Commands;

/// <summary>The accuracy report's part on steps that PyTorch's autograd engine was watched running: no coefficient has a say in them.</summary>
internal static class RecordedSteps
{
    private static readonly (string Column, Func<PhasePeaks, long> Ours)[] Phases =
    [
        ("load", peaks => peaks.Load.Count),
        ("first_forward", peaks => peaks.FirstForward.Count),
        ("first_backward", peaks => peaks.FirstBackward.Count),
        ("first_optimizer", peaks => peaks.FirstOptimizer.Count),
        ("steady", peaks => peaks.Steady.Count),
    ];

    public static void Write(TextWriter to, string folder)
    {
        var path = new[] { "autograd.csv", "recorded_steps.csv" }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            return;
        }
        var errors = Phases.ToDictionary(phase => phase.Column, _ => new List<double>());
        using (var table = JobTable.Open(path))
        {
            foreach (var row in table.Rows(path))
            {
                Compare(row, [.. table.Columns], errors);
            }
        }
        to.WriteLine();
        to.WriteLine("## Recorded steps, nothing fitted");
        to.WriteLine();
        to.WriteLine($"Allocated peak by phase of {errors["load"].Count} whole training steps counted by PyTorch's autograd engine.");
        to.WriteLine();
        to.WriteLine("| phase | median error | 95 % within | worst |");
        to.WriteLine("|---|---:|---:|---:|");
        foreach (var (column, list) in errors)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {column} | {list.Median():P3} | {list.Quantile(0.95):P3} | {list.Max():P3} |"));
        }
    }

    private static void Compare(JobRow row, string[] columns, Dictionary<string, List<double>> errors)
    {
        if (row.Job is not { } job || Estimator.Estimate(job).Plan is not { } plan)
        {
            return;
        }
        foreach (var (column, ours) in Phases)
        {
            var truth = double.Parse(row.Fields[Array.IndexOf(columns, column + "_bytes")], CultureInfo.InvariantCulture);
            errors[column].Add(Math.Abs(ours(plan.Phases) - truth) / truth);
        }
    }
}
