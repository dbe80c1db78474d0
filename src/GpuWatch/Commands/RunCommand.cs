using System.Collections.Immutable;
using System.CommandLine;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.InProcess;
using GpuWatch.Jobs;
using GpuWatch.Nvml;
using GpuWatch.Sinks;

namespace GpuWatch.Commands;

/// <summary>`run`: starts a command, watches it, passes its exit code and signals through, and ends with its account (CONTRACTS 7).</summary>
internal static class RunCommand
{
    private static readonly Option<string> JobPath = new("--job") { Description = "what the command trains (YAML or JSON)", HelpName = "FILE" };
    private static readonly Option<string> Nvml = CommonFlags.Nvml();
    private static readonly Option<string> Config = CommonFlags.Config();
    private static readonly Option<bool> InProcess = new("--in-process") { Description = "a Python command tells what PyTorch's allocator holds, too (a thread in it; no change of its code)" };
    private static readonly Argument<string[]> Line = new("CMD") { Description = "the command and its arguments, after --", Arity = ArgumentArity.OneOrMore };

    public static Command Create(Surroundings around)
    {
        var command = new Command("run", "Starts a command and watches its GPU memory; what it says goes to stderr.") { JobPath, InProcess, Nvml, Config, Line };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var settings = CommonFlags.Settings(parsed, Config, around);
        settings.Flag("nvml.path", parsed.GetValue(Nvml), "--nvml");
        settings.Flag("nvml.require_gpu", "yes", "run");
        settings.Flag("http.listen", "none", "run");
        settings.Flag("sampling.in_process", parsed.GetValue(InProcess) ? "yes" : null, "--in-process");
        var options = AgentOptions.From(settings, around.Environment);
        var job = parsed.GetValue(JobPath) is { } path ? JobFile.Read(path) : null;

        using var ended = new CancellationTokenSource();
        var agent = new Agent(options, around with { Out = around.Error, Stop = ended.Token });
        agent.Open();
        (string, string)[] environment = parsed.GetValue(InProcess) ? [(PythonFolder.Variable, PythonFolder.With(around.Environment(PythonFolder.Variable)))] : [];
        using var child = Child.Start(parsed.GetRequiredValue(Line).ToImmutableArray(), environment);
        agent.AddSink(self => new QueuedPrinter(around.Error, json: false, new SinkCounters("output"), happened => Concerns(happened, child)));
        var watching = agent.RunAsync((_, process, _) => IsOurs(process.Pid, child) ? job : null, lasts: null);
        var code = child.WaitForEnd();
        ended.Cancel();
        Finish(watching, around);
        return code;
    }

    /// <summary>Once the command has begun nothing takes the place of its exit code.</summary>
    private static void Finish(Task watching, Surroundings around)
    {
        try
        {
            watching.GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            around.Error.WriteLine($"gpuwatch: the watching ended early: {Plain.Text(failure.Message)}");
        }
    }

    /// <summary>Other people's processes matter only through the alerts they cause here.</summary>
    private static bool Concerns(WatchEvent happened, Child child) =>
        happened is AlertRaised or AlertResolved or Reconciled && IsOurs(happened.Pid, child);

    /// <summary>The simulator's pids are nobody's here: with it, all are ours.</summary>
    private static bool IsOurs(int? pid, Child child) =>
        SimulatedClock.IsSimulated || pid is not { } known || child.IsAncestorOf(known);
}
