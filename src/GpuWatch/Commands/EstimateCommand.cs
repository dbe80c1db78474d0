using System.CommandLine;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Commands;

/// <summary>`estimate`: what a training job will need, before it runs (CONTRACTS 4).</summary>
internal static class EstimateCommand
{
    private static readonly Option<string> Batch = new("--batch") { Description = "a CSV with a job in each row", HelpName = "FILE" };
    private static readonly Option<string> Formula = new("--formula") { Description = "use a rule of `gpuwatch presets` instead of the plan", HelpName = "NAME" };
    private static readonly Option<string> ProfilePath = ProfileFile.Flag();
    private static readonly Option<string> Fits = new("--fits") { Description = "exit with 0 if the job fits this GPU (a name, or GB), else with 3", HelpName = "GPU" };
    private static readonly Option<bool> Advise = new("--advise") { Description = "rank the changes that make it fit, with what each saves and costs" };
    private static readonly Option<bool> Compare = new("--compare") { Description = "show what every rule of `gpuwatch presets` says beside the plan" };
    private static readonly Option<bool> Explain = new("--explain") { Description = "show each component's formulas and their inputs" };

    public static Command Create(Surroundings around)
    {
        var job = new JobFlags();
        var cost = new CostFlags();
        var output = OutputOption.Create("table", "json", "ndjson", "csv");
        var command = new Command("estimate", "Tells what a training job needs of GPU memory, by component and phase.")
        {
            Batch, Formula, ProfilePath, Fits, Advise, Compare, Explain, output,
        };
        cost.AddTo(command);
        job.AddTo(command);
        command.SetAction(parsed =>
        {
            var form = parsed.GetValue(output)!;
            var profile = ProfileFile.Read(parsed.GetValue(ProfilePath));
            Func<Job, (Plan?, string?)> estimate = given => Estimator.Estimate(given, profile);
            if (parsed.GetValue(Batch) is { } path)
            {
                if (job.Read(parsed) is not null)
                {
                    throw new BadInputException("--batch", "a job is described beside it", "expected either --batch or a job");
                }
                RefuseQuestions(parsed, cost, "--batch");
                return EstimateBatch.Run(path, form, EstimateFormula.Find(parsed.GetValue(Formula)), estimate, around);
            }
            var described = job.Read(parsed)
                ?? throw new BadInputException("estimate", "no job is described", "expected --job FILE, --batch FILE or flags such as --model gpt2 --method full");
            if (EstimateFormula.Find(parsed.GetValue(Formula)) is { } preset)
            {
                RefuseQuestions(parsed, cost, "--formula");
                return EstimateFormula.Run(preset, described, form, around);
            }
            var room = parsed.GetValue(Fits) is { } card ? EstimateAnswer.RoomOf(card) : Room.Of(described);
            var answer = EstimateAnswer.Of(described, estimate, room, cost.Read(parsed, described), parsed.GetValue(Compare),
                parsed.GetValue(Explain) ? Estimator.Explain(described, profile) : [], job.PlaceOfModel(parsed));
            EstimateOutput.Write(answer, form, parsed.GetValue(Advise), around.Out);
            return parsed.GetValue(Fits) is null || answer.Fits == true ? ExitCode.Done : ExitCode.No;
        });
        return command;
    }

    /// <summary>A rule of thumb and a table of jobs answer how much, and nothing else.</summary>
    private static void RefuseQuestions(ParseResult parsed, CostFlags cost, string mode)
    {
        ReadOnlySpan<Option> questions = [Fits, Advise, Compare, Explain, .. cost.All];
        foreach (var question in questions)
        {
            if (parsed.GetResult(question) is { Implicit: false })
            {
                throw new BadInputException(question.Name, $"it is not answered with {mode}", $"expected one job without {mode}");
            }
        }
    }
}
