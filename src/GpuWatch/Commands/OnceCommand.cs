using System.CommandLine;
using GpuWatch.Core.Sample;
using GpuWatch.Nvml;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Show.Http;

namespace GpuWatch.Commands;

/// <summary>`once`: one sweep of all GPUs and processes.</summary>
internal static class OnceCommand
{
    private static readonly Option<string> Nvml = CommonFlags.Nvml();
    private static readonly Option<string> Config = CommonFlags.Config();
    private static readonly Option<bool> RequireGpu = new("--require-gpu") { Description = "fail without an NVIDIA driver, instead of reading the simulated node" };
    private static readonly Option<string> Output = new("--output") { Description = "table or json", DefaultValueFactory = _ => "table" };

    static OnceCommand() => Output.AcceptOnlyFromAmong("table", "json");

    public static Command Create(Surroundings around)
    {
        var command = new Command("once", "Reads all GPUs and their processes once: who holds how much, and how it adds up.") { Nvml, Config, RequireGpu, Output };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var settings = CommonFlags.Settings(parsed, Config, around);
        settings.Flag("nvml.path", parsed.GetValue(Nvml), "--nvml");
        settings.Flag("nvml.require_gpu", parsed.GetValue(RequireGpu) ? "yes" : null, "--require-gpu");
        var options = NvmlOptions.From(settings.Section("nvml"));
        settings.RejectUnknown("nvml");
        using var session = GpuSession.Start(options, around.Environment, around.Time, GpuOpener.LongPatience, around.Stop);
        if (session.Fault is { } fault)
        {
            around.Error.WriteLine($"gpuwatch: {fault.Reason}");
            return ExitCode.Failed;
        }
        if (session.IsFallback)
        {
            around.Error.WriteLine("gpuwatch: no NVIDIA driver here, so this is the simulated node");
        }
        using var source = session.Open();
        var live = new LiveState(GpuSession.Directory(around.Time), around.Time);
        live.Introduce(source.Gpus);
        live.Accept(SweepOf(source, around));
        if (parsed.GetValue(Output) == "json")
        {
            around.Out.Write(System.Text.Encoding.UTF8.GetString(live.Read(ApiJson.Once)) + "\n");
        }
        else
        {
            live.Read(present =>
            {
                OnceText.Write(around.Out, present);
                return 0;
            });
        }
        return live.Read(present => present.Gpus.Any(gpu => gpu.Frame is not null)) ? ExitCode.Done : ExitCode.Failed;
    }

    private static Sweep SweepOf(IGpuSource source, Surroundings around)
    {
        var time = (around.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        return new Sweep(time, [.. source.Gpus.Select(gpu => source.Read(gpu.Index, time, withProcesses: true))]);
    }
}
