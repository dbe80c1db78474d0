using System.CommandLine;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Sinks;

namespace GpuWatch.Commands;

/// <summary>`agent`: the daemon (CONTRACTS 7).</summary>
internal static class AgentCommand
{
    private static readonly Option<string> Config = CommonFlags.Config();
    private static readonly Option<string> Nvml = CommonFlags.Nvml();
    private static readonly Option<string> For = new("--for") { Description = "end after this long: 90s, 10m, 8h", HelpName = "DURATION" };
    private static readonly Option<string> Listen = new("--listen") { Description = "address of the page, metrics and API, or none; default 127.0.0.1:9838", HelpName = "ADDRESS:PORT" };
    private static readonly Option<string> Period = new("--period") { Description = "time between sweeps while all is calm; default 1s", HelpName = "DURATION" };
    private static readonly Option<string> JobPath = CommonFlags.Job();
    private static readonly Option<int?> JobPid = new("--job-pid") { Description = "the process that the job file describes; else the first on each GPU", HelpName = "PID" };
    private static readonly Option<string> Profile = ProfileFile.Flag();
    private static readonly Option<string> Store = new("--store") { Description = "the database that keeps samples, events and runs, or none; default ~/.local/state/gpuwatch/gpuwatch.db", HelpName = "FILE" };
    private static readonly Option<bool> RequireGpu = new("--require-gpu") { Description = "fail without an NVIDIA driver, instead of watching the simulated node" };
    private static readonly Option<string> Output = new("--output") { Description = "table or ndjson", DefaultValueFactory = _ => "table" };

    static AgentCommand() => Output.AcceptOnlyFromAmong("table", "ndjson");

    public static Command Create(Surroundings around)
    {
        var command = new Command("agent", "Watches the GPUs of this machine and says before a process runs out of memory, when and why.")
        {
            Config, Nvml, For, Listen, Period, JobPath, JobPid, Profile, Store, RequireGpu, Output,
        };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var settings = CommonFlags.Settings(parsed, Config, around);
        settings.Flag("nvml.path", parsed.GetValue(Nvml), "--nvml");
        settings.Flag("http.listen", parsed.GetValue(Listen), "--listen");
        settings.Flag("sampling.period", parsed.GetValue(Period), "--period");
        settings.Flag("estimate.profile", parsed.GetValue(Profile), "--profile");
        settings.Flag("estimate.job", parsed.GetValue(JobPath), "--job");
        settings.Flag("store.path", parsed.GetValue(Store), "--store");
        settings.Flag("nvml.require_gpu", parsed.GetValue(RequireGpu) ? "yes" : null, "--require-gpu");
        var options = AgentOptions.From(settings, around.Environment);

        var agent = new Agent(options, around);
        agent.AddSink(self =>
        {
            var counters = new SinkCounters("output");
            self.Sinks.Add(counters);
            return new QueuedPrinter(around.Out, parsed.GetValue(Output) == "ndjson", counters);
        });
        return agent.RunAsync(JobsOf(options.Job, parsed.GetValue(JobPid), around), Lasts(parsed.GetValue(For))).GetAwaiter().GetResult();
    }

    /// <param name="path">A file for the process with <paramref name="pid"/> (null: the first on each GPU), or a folder of files; null: nobody declared anything.</param>
    public static Func<int, ProcessReading, ProcessFacts?, Job?>? JobsOf(string? path, int? pid, Surroundings around)
    {
        if (path is null)
        {
            return null;
        }
        if (Directory.Exists(path))
        {
            var folder = new JobFolder(path, what => around.Error.WriteLine($"gpuwatch: {what}"));
            return (_, _, facts) => facts is null ? null : folder.Of(facts);
        }
        var assignment = new JobAssignment(JobFile.Read(path), pid);
        return (gpu, process, _) => assignment.Of(gpu, process);
    }

    /// <summary>What --for says; null: until it is stopped.</summary>
    public static TimeSpan? Lasts(string? given) => given switch
    {
        null => null,
        var text when Duration.TryParse(text, out var duration) => duration,
        var text => throw new BadInputException("--for", $"'{Plain.Text(text)}'", Duration.Expectation),
    };
}
