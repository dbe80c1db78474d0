using System.CommandLine;
using GpuWatch.Backtest;
using GpuWatch.Core.Alert;

namespace GpuWatch.Commands;

/// <summary><c>backtest DIR</c>: the folds and the baselines over recorded jobs whose end is known.</summary>
internal static class BacktestCommand
{
    public static Command Create(Surroundings around)
    {
        var folder = new Argument<string>("dir") { Description = "Folder of NAME.csv, NAME.truth.json and NAME.job.json." };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "One line a job: what was said, and what came." };
        var command = new Command("backtest", "Replays recorded jobs whose end is known and measures the forecasts against the rules in use today.")
        {
            folder, verbose,
        };
        command.SetAction(parsed => Run(around, parsed.GetRequiredValue(folder), parsed.GetValue(verbose)));
        return command;
    }

    private static int Run(Surroundings around, string folder, bool verbose)
    {
        var jobs = RecordedJob.InFolder(folder).ToArray();
        var outcomes = jobs.Select(job => Folds.Replay(job, withJob: true, WatchOptions.Default)).ToArray();
        var alone = jobs.Select(job => Folds.Replay(job, withJob: false, WatchOptions.Default)).ToArray();
        var rules = new List<Measures> { Measures.Of("gpuwatch", outcomes), Measures.Of("gpuwatch, no job file", alone) };
        rules.AddRange(Baselines.All.Select(rule => Measures.Of(rule.Name, [.. jobs.Select(rule.Judge)])));
        BacktestTable.Write(around.Out, rules, FineMeasures.Of(outcomes), outcomes);
        if (verbose)
        {
            BacktestLines.Write(around.Out, outcomes, alone);
        }
        return ExitCode.Done;
    }
}
