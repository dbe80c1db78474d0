using System.CommandLine;
using System.Text.RegularExpressions;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>The tree of all commands, and the one place where an outcome becomes an exit code.</summary>
internal static partial class CommandLine
{
    /// <summary>Each command is a static class with a <c>Create</c>; a new one is a new line here.</summary>
    internal static RootCommand Tree(Surroundings around)
    {
        var root = new RootCommand("Watches GPU memory beside a training job and says before it runs out, when and why.")
        {
            AccuracyCommand.Create(around),
            AgentCommand.Create(around),
            BacktestCommand.Create(around),
            OnceCommand.Create(around),
            TopCommand.Create(around),
            RunCommand.Create(around),
            EstimateCommand.Create(around),
            PresetsCommand.Create(around),
            CalibrateCommand.Create(around),
            ConfigCommand.Create(around),
            ReplayCommand.Create(around),
            SnapshotCommand.Create(around),
            DoctorCommand.Create(around),
            HealthCheckCommand.Create(around),
            CompletionCommand.Create(around),
            RecordCommand.Create(around),
            QueryCommand.Create(around),
        };
        HelpWithExamples.AddTo(root);
        return root;
    }

    /// <param name="arguments">None at all means `agent`.</param>
    public static int Run(string[] arguments, Surroundings around)
    {
        var parsed = Tree(around).Parse(arguments.Length > 0 ? arguments : ["agent"]);
        // Who asks for help need not know yet what else is to be given.
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            around.Error.WriteLine($"gpuwatch: {Told(parsed.Errors[0].Message)}; see gpuwatch --help");
            return ExitCode.BadInput;
        }
        try
        {
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = around.Out,
                Error = around.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (BadInputException bad)
        {
            around.Error.WriteLine($"gpuwatch: {bad.Message}");
            return ExitCode.BadInput;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Such as a disk that is full under our output. A pipe that nobody reads any more is no failure: the console stays silent.
            around.Error.WriteLine($"gpuwatch: {Plain.Text(failure.Message)}");
            return ExitCode.Failed;
        }
        catch (Exception bug)
        {
            around.Error.WriteLine($"gpuwatch: a fault of gpuwatch itself: {Plain.Text(bug.Message)} (GPUWATCH_DEBUG=1 shows where)");
            if (around.Environment("GPUWATCH_DEBUG") is "1")
            {
                around.Error.WriteLine(bug.StackTrace);
            }
            return ExitCode.Failed;
        }
    }

    /// <summary>The library breaks some messages into lines, and names the types of this program; a mistake is told in one line, in a person's words.</summary>
    private static string Told(string message)
    {
        var line = string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return NotOfType().Match(line) is { Success: true, Groups: var parts }
            ? $"{parts["flag"].Value}: it is '{Plain.Text(parts["text"].Value)}'; expected {(parts["type"].Value.Contains("Int", StringComparison.Ordinal) ? "a whole number" : "a number")}"
            : line;
    }

    [GeneratedRegex(@"^Cannot parse argument '(?<text>.*)' for option '(?<flag>[^']*)' as expected type '(?<type>[^']*(Int16|Int32|Int64|Single|Double|Decimal)[^']*)'")]
    private static partial Regex NotOfType();
}
