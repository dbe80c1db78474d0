using System.CommandLine;
using System.Text;
using GpuWatch.Backtest;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Options;

namespace GpuWatch.Commands;

/// <summary>`backtest`: the folds and the rules in use today over recorded jobs whose end is known.</summary>
internal static class BacktestCommand
{
    private static readonly Argument<string> Folder = new("DIR") { Description = "a folder of NAME.csv, NAME.truth.json and NAME.job.json" };
    private static readonly Option<bool> NoJob = new("--no-job") { Description = "do not show the folds what was declared" };
    private static readonly Option<bool> NvmlOnly = new("--nvml-only") { Description = "do not show the folds what a process tells of itself (torch_allocated, torch_reserved)" };
    private static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "one line a job: what was said, and what came" };
    private static readonly Option<bool> Reconcile = new("--reconcile") { Description = "measure instead how well components are told apart and wrong declarations told" };
    private static readonly Option<string> Html = new("--html") { Description = "also write a page of small plots, one a job", HelpName = "FILE" };
    private static readonly Option<int?> FoldCount = new("--folds") { Description = "also fit the constants to all folds but one and judge them on that one, K times", HelpName = "K" };
    private static readonly Option<string> Fit = new("--fit") { Description = "fit the constants to these jobs and write them there; nothing is judged", HelpName = "FILE" };
    private static readonly Option<string> ConstantsOption = new("--constants") { Description = "constants to judge, as --fit writes them; default: as shipped", HelpName = "FILE" };
    private static readonly Option<double?> MissCost = AlertCosts.MissFlag();
    private static readonly Option<double?> FalseAlarmCost = AlertCosts.FalseAlarmFlag();
    private static readonly Option<string> Profile = ProfileFile.Flag();
    private static readonly Option<string> Output = new("--output") { Description = "table or json", DefaultValueFactory = _ => "table" };

    static BacktestCommand() => Output.AcceptOnlyFromAmong("table", "json");

    public static Command Create(Surroundings around)
    {
        var command = new Command("backtest", "Replays jobs whose end is known and measures the forecasts against the rules in use today.")
        {
            Folder, NoJob, NvmlOnly, Reconcile, Verbose, Html, FoldCount, Fit, ConstantsOption, MissCost, FalseAlarmCost, Profile, Output,
        };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var jobs = RecordedJob.InFolder(parsed.GetRequiredValue(Folder)).Select(job => parsed.GetValue(NvmlOnly) ? job.AsNvmlSeesIt() : job).ToArray();
        if (parsed.GetValue(Reconcile))
        {
            ComponentErrors.Write(around.Out, jobs);
            WrongDeclarations.Write(around.Out, jobs, parsed.GetValue(Verbose));
            return ExitCode.Done;
        }
        if (parsed.GetValue(Fit) is { } fitted)
        {
            Save(fitted, ConstantsJson.Write(ConstantsFit.To(jobs)));
            return ExitCode.Done;
        }
        var options = Options(parsed);
        var alone = Replay(jobs, withJob: false, options);
        var outcomes = parsed.GetValue(NoJob) ? alone : Replay(jobs, withJob: true, options);
        var rules = new List<Measures> { Measures.Of("gpuwatch", outcomes), Measures.Of("gpuwatch, no job file", alone) };
        if (parsed.GetValue(FoldCount) is { } folds)
        {
            var unseen = CrossValidation.Run(jobs, folds > 1 ? folds : throw new BadInputException("--folds", $"{folds} leaves nothing to fit to", "expected 2 or more"));
            outcomes = parsed.GetValue(NoJob) ? unseen.Alone : unseen.Told;
            rules.AddRange([Measures.Of("gpuwatch, cross-validated", unseen.Told), Measures.Of("… no job file", unseen.Alone)]);
        }
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

    private static WatchOptions Options(ParseResult parsed) => AlertCosts.From(parsed.GetValue(MissCost), parsed.GetValue(FalseAlarmCost)).In(new()
    {
        Profile = ProfileFile.Read(parsed.GetValue(Profile)),
        Constants = parsed.GetValue(ConstantsOption) is { } path ? ConstantsJson.Read(Content(path), path) : Constants.Shipped,
    });

    private static byte[] Content(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, fault.Message, "expected a file that `gpuwatch backtest DIR --fit` wrote");
        }
    }

    private static Outcome[] Replay(RecordedJob[] jobs, bool withJob, WatchOptions options) =>
        [.. jobs.Select(job => Folds.Replay(job, withJob, options))];

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
        using var page = new StringWriter();
        HtmlReport.Write(page, outcomes);
        Save(path, Encoding.UTF8.GetBytes(page.ToString()));
    }

    private static void Save(string path, byte[] bytes)
    {
        try
        {
            File.WriteAllBytes(path, bytes);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, fault.Message, "expected a file that can be written");
        }
    }
}
