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
        WriteGroups(output, "scenario", outcomes, outcome => outcome.Job.Truth.Scenario);
        if (outcomes.Any(outcome => outcome.Job.Kind.Length > 0))
        {
            WriteGroups(output, "folder", outcomes, outcome => outcome.Job.Kind.Length > 0 ? outcome.Job.Kind : ".");
        }
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

    private static void WriteGroups(TextWriter output, string by, IEnumerable<Outcome> outcomes, Func<Outcome, string> name)
    {
        output.WriteLine();
        output.WriteLine($"{by,-20}{"jobs",6}{"die",6}{"caught@2s",11}{"lived, paged",14}{"cause right",13}");
        foreach (var group in outcomes.GroupBy(name).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var measures = Measures.Of(group.Key, [.. group]);
            output.WriteLine(
                $"{group.Key,-20}{group.Count(),6}{measures.Caught2s.Of,6}{measures.Caught2s,11}{measures.FalseAlarms,14}{FineMeasures.Of([.. group]).CauseRight,13}");
        }
    }
}
