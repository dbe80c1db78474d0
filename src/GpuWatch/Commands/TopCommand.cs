using System.CommandLine;
using GpuWatch.Core.Units;
using GpuWatch.Show.Top;
using GpuWatch.Store.Sqlite;

namespace GpuWatch.Commands;

/// <summary>`top`: the agent on a terminal, for the person before it; it stores and notifies nothing.</summary>
internal static class TopCommand
{
    private static readonly Option<string> Config = CommonFlags.Config();
    private static readonly Option<string> Nvml = CommonFlags.Nvml();
    private static readonly Option<string> JobPath = CommonFlags.Job();
    private static readonly Option<bool> RequireGpu = new("--require-gpu") { Description = "fail without an NVIDIA driver, instead of watching the simulated node" };

    public static Command Create(Surroundings around)
    {
        var command = new Command("top", "Shows who holds how much GPU memory, what is still to come and what is wrong, on the terminal.") { Config, Nvml, JobPath, RequireGpu };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var terminal = around.Terminal ?? throw new BadInputException("top", "the output is no terminal", "a terminal is expected; gpuwatch once prints a single sweep");
        var settings = CommonFlags.Settings(parsed, Config, around);
        settings.Flag("nvml.path", parsed.GetValue(Nvml), "--nvml");
        settings.Flag("nvml.require_gpu", parsed.GetValue(RequireGpu) ? "yes" : null, "--require-gpu");
        settings.Flag("estimate.job", parsed.GetValue(JobPath), "--job");
        settings.Flag("http.listen", "none", "top");
        var options = AgentOptions.From(settings, around.Environment) with { Store = new StoreOptions(), Influx = null, Otlp = null, Channels = new() };

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(around.Stop);
        using var notes = new Notes();
        var agent = new Agent(options, around with { Error = notes, Stop = ended.Token })
        {
            Screen = live => new TopScreen(live, terminal, () => notes.Last, around.Environment("NO_COLOR") is not { Length: > 0 }, ended.Cancel, around.Time),
        };
        var code = agent.RunAsync(AgentCommand.JobsOf(options.Job, null, around), lasts: null).GetAwaiter().GetResult();
        notes.WriteTo(around.Error);
        return around.Stop.IsCancellationRequested || !ended.IsCancellationRequested ? code : ExitCode.Done;
    }

    /// <summary>What the agent says meanwhile: the last of it on the screen, all of it once the screen is gone.</summary>
    private sealed class Notes : TextWriter
    {
        private const int Most = 100;
        private readonly Queue<string> lines = new();

        public override System.Text.Encoding Encoding => System.Text.Encoding.UTF8;

        public string Last
        {
            get
            {
                lock (lines)
                {
                    return lines.LastOrDefault("");
                }
            }
        }

        public override void WriteLine(string? value)
        {
            lock (lines)
            {
                if (lines.Count == Most)
                {
                    lines.Dequeue();
                }
                lines.Enqueue(value ?? "");
            }
        }

        public void WriteTo(TextWriter output)
        {
            lock (lines)
            {
                foreach (var line in lines)
                {
                    output.WriteLine(line);
                }
            }
        }
    }
}
