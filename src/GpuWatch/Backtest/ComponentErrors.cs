using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Backtest;

/// <summary>
/// Components told apart, against the plan of what really ran, which autograd's own count of the same steps confirms (docs/decisions/0010):
/// of jobs that lived beyond their first steps, as declared and as declared wrong. Errors are shares of the true component.
/// </summary>
internal static class ComponentErrors
{
    /// <summary>Components below this share of the peak are left out: their relative error says nothing.</summary>
    private const double LeastShare = 0.02;

    private sealed record Error(Component Component, bool HasLive, double Planned, double? Observed, double Posterior, bool IsCovered);

    public static void Write(TextWriter output, RecordedJob[] jobs)
    {
        var lived = jobs.Where(job => job.Truth is { Actual: not null, Cause: not ("first_backward" or "first_optimizer") }).ToArray();
        Write(output, "declared right", [.. lived.SelectMany(job => Errors(job, job.Truth.Actual!))]);
        Write(output, "declared too small", [.. lived.SelectMany(job => Declaration.TooSmall(job.Truth.Actual!).SelectMany(wrong => Errors(job, wrong.Job)))]);
        Write(output, "declared too large", [.. lived.SelectMany(job => Declaration.TooLarge(job.Truth.Actual!).SelectMany(wrong => Errors(job, wrong.Job)))]);
    }

    private static void Write(TextWriter output, string title, Error[] errors)
    {
        output.WriteLine();
        output.WriteLine($"{title,-20}{"runs",6}{"declared",10}{"observed",10}{"posterior",11}{"in 90 %",9}   NVML only: {"runs",6}{"observed",10}{"posterior",11}{"in 90 %",9}");
        foreach (var group in errors.GroupBy(error => error.Component).OrderBy(group => group.Key))
        {
            Error[] live = [.. group.Where(error => error.HasLive)], blind = [.. group.Where(error => !error.HasLive)];
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Name(group.Key),-20}{live.Length,6}{Median(live.Select(error => error.Planned)),10:0.0 %}{Median(live.Select(error => error.Observed)),10:0.0 %}{Median(live.Select(error => error.Posterior)),11:0.0 %}{Covered(live),9:0 %}"
                + $"              {blind.Length,6}{Median(blind.Select(error => error.Observed)),10:0.0 %}{Median(blind.Select(error => error.Posterior)),11:0.0 %}{Covered(blind),9:0 %}"));
        }
    }

    private static IEnumerable<Error> Errors(RecordedJob job, Job declared)
    {
        if (Estimator.Estimate(declared).Plan is not { } plan || Estimator.Estimate(job.Truth.Actual!).Plan is not { } truth)
        {
            yield break;
        }
        var account = Folds.Replay(job with { Declared = declared }, withJob: true, WatchOptions.Default).Events.OfType<Reconciled>().First(told => told.Estimated is not null);
        var hasLive = DeclaredTry.HasLiveBytes(job);
        foreach (var part in Components.All.Except([Component.Context, Component.Allocator]))
        {
            if (truth.Components[part] is var real && real.Count > LeastShare * truth.PeakAllocated.Likely.Count && account.Posterior?[part] is { } posterior)
            {
                var observed = account.Observed?[part];
                yield return new(part, hasLive, Off(plan.Components[part], real), observed is { } seen ? Off(seen.Likely, real) : null, Off(posterior.Likely, real),
                    posterior.Low.Count <= real.Count * 1.001 && real.Count <= posterior.High.Count * 1.001);
            }
        }
    }

    private static double Off(Bytes size, Bytes real) => Math.Abs(size / real - 1);

    private static double Covered(Error[] errors) => errors.Length == 0 ? double.NaN : errors.Count(error => error.IsCovered) / (double)errors.Length;

    private static double Median(IEnumerable<double?> values) => Median(values.OfType<double>());

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }

    private static string Name(Component component) => component.Name();
}
