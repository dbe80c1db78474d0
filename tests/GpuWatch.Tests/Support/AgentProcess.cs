using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace GpuWatch.Tests.Support;

/// <summary>The agent as a process of its own, on the simulated NVML: so that it can be killed, and its signals are real.</summary>
internal sealed partial class AgentProcess : IDisposable
{
    private readonly Process process;
    private readonly List<string> output = [];
    private readonly List<string> errors = [];

    private AgentProcess(Process process) => this.process = process;

    public int Pid => process.Id;
    public bool HasExited => process.HasExited;
    public IReadOnlyList<string> Output { get { lock (output) { return [.. output]; } } }
    public IReadOnlyList<string> Errors { get { lock (errors) { return [.. errors]; } } }

    /// <param name="config">A file in YAML.</param>
    /// <param name="scene">A trace or scenario; null: the simulator's own node.</param>
    public static AgentProcess Start(string config, string? scene, params string[] arguments) => Start(config, scene, [], arguments);

    /// <param name="environment">Added to this process's own.</param>
    public static AgentProcess Start(string config, string? scene, IEnumerable<(string Name, string Value)> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "gpuwatch.dll"), "agent", "--config", config, "--nvml", NvmlSim.Path, "--output", "ndjson", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (scene is not null)
        {
            start.Environment["GPUWATCH_SIM"] = scene;
        }
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        var agent = new AgentProcess(new Process { StartInfo = start });
        agent.process.OutputDataReceived += (_, line) => Keep(agent.output, line.Data);
        agent.process.ErrorDataReceived += (_, line) => Keep(agent.errors, line.Data);
        agent.process.Start();
        agent.process.BeginOutputReadLine();
        agent.process.BeginErrorReadLine();
        return agent;
    }

    /// <summary>SIGKILL: nothing can be flushed.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public int Stop()
    {
        Assert.Equal(0, Signal(process.Id, 15));
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "the agent still runs");
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }
        process.Dispose();
    }

    /// <summary>A trace of one process on one GPU; the rows are (seconds, MiB of the process).</summary>
    public static string Trace(TemporaryFolder folder, int pid, double totalMiB, IEnumerable<(double Seconds, double MiB)> rows) =>
        folder.File("trace.csv", "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n"
            + string.Concat(rows.Select(row => string.Create(CultureInfo.InvariantCulture,
                $"{row.Seconds},0,{pid},{row.MiB * 1048576:0},{row.MiB * 1048576:0},{totalMiB * 1048576:0},,\n"))));

    private static void Keep(List<string> lines, string? line)
    {
        if (line is not null)
        {
            lock (lines)
            {
                lines.Add(line);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int pid, int signal);
}
