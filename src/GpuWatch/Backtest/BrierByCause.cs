using System.Globalization;
using GpuWatch.Core.Forecast;

namespace GpuWatch.Backtest;

/// <summary>Which threats cost the forecasts their sharpness: the squared errors of one horizon, by deciding cause.</summary>
internal static class BrierByCause
{
    public static void Write(TextWriter output, IEnumerable<Outcome> outcomes, double horizonSeconds, Func<ForecastMade, double> probability)
    {
        var errors = outcomes.SelectMany(outcome => outcome.Events.OfType<ForecastMade>().Select(made => (
            Cause: made.Cause?.ToString() ?? "none",
            Said: probability(made),
            Came: outcome.Job.Truth.OomWithin(horizonSeconds, made.TimeSeconds)))).ToArray();
        output.WriteLine();
        output.WriteLine($"{$"p_oom_{horizonSeconds:0}s",-18}{"forecasts",10}{"said",8}{"came",8}{"of Brier",10}");
        foreach (var cause in errors.GroupBy(error => error.Cause).OrderByDescending(Squares))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{cause.Key,-18}{cause.Count(),10}{cause.Average(error => error.Said),8:0.00}{cause.Average(error => error.Came),8:0.00}{Squares(cause) / errors.Length,10:0.0000}"));
        }
    }

    private static double Squares(IEnumerable<(string Cause, double Said, double Came)> errors) =>
        errors.Sum(error => (error.Said - error.Came) * (error.Said - error.Came));
}
