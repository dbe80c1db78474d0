using System.Globalization;
using GpuWatch.Core.Forecast;

namespace GpuWatch.Backtest;

/// <summary>One line a job, for finding out where a rule errs.</summary>
internal static class BacktestLines
{
    public static void Write(TextWriter output, IEnumerable<Outcome> outcomes, IEnumerable<Outcome> alone)
    {
        output.WriteLine();
        foreach (var (told, blind) in outcomes.Zip(alone))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{told.Job.Name} {told.Job.Truth.Scenario,-18} {Verdict(told),-6} {Verdict(blind),-6} dies {told.Job.Truth.OomAtSeconds,8:0.0} max p600 {Highest(told):0.00} {Highest(blind):0.00} {Said(told)} | no job: {Said(blind)}"));
        }
    }

    private static string Verdict(Outcome outcome) =>
        outcome.Job.Truth.OomAtSeconds is not null ? outcome.LeadSeconds >= 2 ? "caught" : outcome.LeadSeconds is null ? "MISSED" : "late"
        : outcome.AlarmSeconds.Count > 0 && outcome.Job.Truth.IsFine ? "FALSE" : "ok";

    private static double Highest(Outcome outcome) =>
        outcome.Events.OfType<ForecastMade>().Select(made => made.OomWithin600s).DefaultIfEmpty().Max();

    private static string Said(Outcome outcome) => string.Join("; ", outcome.Raised.Take(6).Select(raised => string.Create(
        CultureInfo.InvariantCulture,
        $"{raised.TimeSeconds:0.0} {raised.Alert.Kind} {raised.Alert.Severity} {raised.Alert.Cause} p={raised.Alert.Probability:0.00} eta={raised.Alert.EtaSeconds:0}")));
}
