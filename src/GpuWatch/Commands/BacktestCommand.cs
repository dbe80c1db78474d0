using System.CommandLine;
using GpuWatch.Backtest;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>`backtest`: the folds and the rules in use today over recorded jobs whose end is known.</summary>
internal static class BacktestCommand
{
    private static readonly Argument<string> Folder = new("DIR") { Description = "a folder of NAME.csv, NAME.truth.json and NAME.job.json" };
    private static readonly Option<bool> NoJob = new("--no-job") { Description = "do not show the folds what was declared" };
    private static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "one line a job: what was said, and what came" };
    private static readonly Option<bool> Reconcile = new("--reconcile") { Description = "measure instead how well components are told apart and wrong declarations told" };
    private static readonly Option<string> Html = new("--html") { Description = "also write a page of small plots, one a job", HelpName = "FILE" };
    private static readonly Option<string> Output = new("--output") { Description = "table or json", DefaultValueFactory = _ => "table" };

    static BacktestCommand() => Output.AcceptOnlyFromAmong("table", "json");

    public static Command Create(Surroundings around)
    {
        var command = new Command("backtest", "Replays jobs whose end is known and measures the forecasts against the rules in use today.")
        {
            Folder, NoJob, Reconcile, Verbose, Html, Output,
        };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var jobs = RecordedJob.InFolder(parsed.GetRequiredValue(Folder)).ToArray();
        if (parsed.GetValue(Reconcile))
        {
            ComponentErrors.Write(around.Out, jobs);
            WrongDeclarations.Write(around.Out, jobs, parsed.GetValue(Verbose));
            return ExitCode.Done;
        }
        var alone = Replay(jobs, withJob: false);
        var outcomes = parsed.GetValue(NoJob) ? alone : Replay(jobs, withJob: true);
        var rules = new List<Measures> { Measures.Of("gpuwatch", outcomes), Measures.Of("gpuwatch, no job file", alone) };
        rules.AddRange(Baselines.All.Select(rule => Measures.Of(rule.Name, [.. jobs.Select(rule.Judge)])));
        Print(parsed, around.Out, rules, outcomes);
        if (parsed.GetValue(Verbose))
        {
            BacktestLines.Write(around.Out, outcomes, alone);
            BrierByCause.Write(around.Out, outcomes, 60, made => made.OomWithin60s);
            BrierByCause.Write(around.Out, outcomes, 600, made => made.OomWithin600s);
        }
        if (parsed.GetValue(Html) is { } path)
        {
            WritePage(path, outcomes);
        }
        return ExitCode.Done;
    }

    private static Outcome[] Replay(RecordedJob[] jobs, bool withJob) =>
        [.. jobs.Select(job => Folds.Replay(job, withJob, WatchOptions.Default))];

    private static void Print(ParseResult parsed, TextWriter output, List<Measures> rules, Outcome[] outcomes)
    {
        if (parsed.GetValue(Output) == "json")
        {
            BacktestJson.Write(output, rules, FineMeasures.Of(outcomes));
        }
        else
        {
            BacktestTable.Write(output, rules, FineMeasures.Of(outcomes), outcomes);
        }
    }

    private static void WritePage(string path, Outcome[] outcomes)
    {
        try
        {
            using var page = new StreamWriter(path);
            HtmlReport.Write(page, outcomes);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, fault.Message, "expected a file that can be written");
        }
    }
}
