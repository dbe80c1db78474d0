using System.Globalization;

namespace GpuWatch.Backtest;

/// <summary>The result for people.</summary>
internal static class BacktestTable
{
    public static void Write(TextWriter output, IEnumerable<Measures> rules, FineMeasures fine, IEnumerable<Outcome> outcomes)
    {
        output.WriteLine($"{"rule",-28}{"caught@0s",10}{"@2s",8}{"@10s",8}{"@30s",8}{"lead_s",9}{"false",8}");
        foreach (var rule in rules)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{rule.Rule,-28}{rule.Caught0s,10}{rule.Caught2s,8}{rule.Caught10s,8}{rule.Caught30s,8}{rule.MedianLeadSeconds,9:0.0}{rule.FalseAlarms,8}"));
        }
        output.WriteLine();
        output.WriteLine($"cause named right {fine.CauseRight}; activation-blowup told {fine.BlowupTold}, false {fine.BlowupFalse}; leak told {fine.LeakTold}, false {fine.LeakFalse}");
        foreach (var calibration in fine.Calibrations)
        {
            Write(output, calibration);
        }
        output.WriteLine();
        WriteScenarios(output, outcomes);
    }

    private static void Write(TextWriter output, Calibration calibration)
    {
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"p_oom_{calibration.HorizonSeconds:0}s: {calibration.Count} forecasts, base rate {calibration.BaseRate:0.000}, Brier {calibration.Brier:0.0000} against {calibration.BaseBrier:0.0000}, skill {calibration.Skill:0.00}"));
        foreach (var bin in calibration.Bins.Where(bin => bin.Count > 0))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {bin.From:0.00}-{bin.To:0.00} {bin.Count,6}  said {bin.Said:0.00}  came {bin.Came:0.00}"));
        }
    }

    private static void WriteScenarios(TextWriter output, IEnumerable<Outcome> outcomes)
    {
        output.WriteLine($"{"scenario",-20}{"jobs",6}{"die",6}{"caught@2s",11}{"alarmed, lived",16}");
        foreach (var scenario in outcomes.GroupBy(outcome => outcome.Job.Truth.Scenario).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var all = scenario.ToArray();
            output.WriteLine(
                $"{scenario.Key,-20}{all.Length,6}{all.Count(outcome => outcome.Job.Truth.OomAtSeconds is not null),6}"
                + $"{all.Count(outcome => outcome.LeadSeconds >= 2),11}{all.Count(outcome => outcome.Job.Truth.OomAtSeconds is null && outcome.AlarmSeconds.Count > 0),16}");
        }
    }
}
