using System.CommandLine;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>`estimate`: what a training job will need, before it runs (CONTRACTS 4).</summary>
internal static class EstimateCommand
{
    public static Command Create(Surroundings around)
    {
        var job = new JobFlags();
        var batch = new Option<string>("--batch") { Description = "a CSV with a job in each row", HelpName = "FILE" };
        var output = new Option<string>("--output") { Description = "table, json, ndjson or csv", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("table", "json", "ndjson", "csv");
        var command = new Command("estimate", "Tells what a training job needs of GPU memory, by component and phase.") { batch, output };
        job.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(batch) is { } path)
            {
                return EstimateBatch.Run(path, around);
            }
            var described = job.Read(parsed)
                ?? throw new BadInputException("estimate", "no job is described", "expected --job FILE, --batch FILE or flags such as --model gpt2 --method full");
            var (plan, error) = Estimator.Estimate(described);
            if (plan is null)
            {
                throw new BadInputException("estimate", error ?? "this job cannot be estimated", "see gpuwatch estimate --help");
            }
            new EstimateJson(around.Out, parsed.GetValue(output) == "json").Write(described.Id, described, plan, []);
            return ExitCode.Done;
        });
        return command;
    }
}
