using System.CommandLine;
using GpuWatch.Core.Units;
using GpuWatch.Sinks;
using GpuWatch.Trace;

namespace GpuWatch.Commands;

/// <summary>`record`: the agent's sweeps, as they come, in a file that `replay` plays.</summary>
internal static class RecordCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "the recording to write; it must not exist yet" };
    private static readonly Option<string> For = new("--for") { Description = "end after this long: 90s, 10m, 8h; default: until Ctrl-C", HelpName = "DURATION" };
    private static readonly Option<string> Nvml = CommonFlags.Nvml();
    private static readonly Option<string> Period = new("--period") { Description = "time between sweeps while all is calm; default 1s", HelpName = "DURATION" };
    private static readonly Option<string> Config = CommonFlags.Config();

    private static readonly Option<string> Output = new("--output") { Description = "ndjson prints the events beside; table the same for people; default: none" };

    static RecordCommand() => Output.AcceptOnlyFromAmong("table", "ndjson");

    public static Command Create(Surroundings around)
    {
        var command = new Command("record", "Records what the GPUs and their processes hold, to be replayed.") { File, For, Nvml, Period, Config, Output };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var settings = CommonFlags.Settings(parsed, Config, around);
        settings.Flag("nvml.path", parsed.GetValue(Nvml), "--nvml");
        settings.Flag("sampling.period", parsed.GetValue(Period), "--period");
        var options = AgentOptions.From(settings, around.Environment);
        var lasts = AgentCommand.Lasts(parsed.GetValue(For));
        var agent = new Agent(Alone(options), around);
        agent.Open();
        var writer = new TraceWriter(Create(parsed.GetRequiredValue(File)));
        var counters = new SinkCounters("recording");
        var recording = new RecordingSink(writer, counters, message => around.Error.WriteLine($"gpuwatch: {message}"));
        agent.AddSink(self =>
        {
            self.Sinks.Add(counters);
            return recording;
        });
        if (parsed.GetValue(Output) is { } form)
        {
            agent.AddSink(_ => new QueuedPrinter(around.Out, form == "ndjson", new SinkCounters("output")));
        }
        var code = agent.RunAsync((_, _, _) => null, lasts).GetAwaiter().GetResult();
        around.Error.WriteLine(FormattableString.Invariant($"gpuwatch: {counters.Written} readings in {parsed.GetRequiredValue(File)}, {counters.Dropped} dropped"));
        return recording.Failed ? ExitCode.Failed : code;
    }

    /// <summary>Only what a recording needs: the agent that may be running beside it has its own store, page and alert channels.</summary>
    private static AgentOptions Alone(AgentOptions options) =>
        new() { Sampling = options.Sampling, Nvml = options.Nvml, Profile = options.Profile, Http = new() { Listen = null } };

    private static FileStream Create(string file)
    {
        try
        {
            return new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        }
        catch (IOException) when (System.IO.File.Exists(file))
        {
            throw new BadInputException(file, "the file exists", "expected a new one, nothing is overwritten");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(file, Plain.Text(failure.Message), "expected a file this user may write");
        }
    }
}
