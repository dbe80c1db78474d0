using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;

namespace GpuWatch.Tests.Support;

/// <summary>The real program as a process of its own, started as a user would, on the simulated NVML: it can be killed, and its signals are real.</summary>
internal sealed partial class RunningAgent : IDisposable
{
    /// <summary>Longer than any scene lasts: what is still running then hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly TemporaryFolder home = new();
    private readonly Channel<string> unread = Channel.CreateUnbounded<string>();
    private readonly List<string> output = [];
    private readonly List<string> errors = [];

    /// <param name="scene">A trace or scenario file; null for the built-in node.</param>
    /// <param name="arguments">After `agent`.</param>
    public RunningAgent(string? scene, double speed, params string[] arguments)
        : this(["agent", "--nvml", NvmlSim.Path, .. arguments], scene, speed)
    {
    }

    private RunningAgent(string[] arguments, string? scene, double speed, params IEnumerable<(string Name, string Value)> environment)
    {
        // A shell starts what it puts in the background with SIGINT ignored, and so may have started these tests.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GPUWATCH_SIM_SPEED"] = speed.ToString(CultureInfo.InvariantCulture);
        start.Environment["HOME"] = start.Environment["XDG_STATE_HOME"] = home.Path;
        if (scene is not null)
        {
            start.Environment["GPUWATCH_SIM"] = scene;
        }
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The program that was built with these tests.</summary>
    public static string Program { get; } = Repository.PathOf(
        "src", "GpuWatch", "bin", AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug", "net10.0", "gpuwatch");

    public int Pid => process.Id;
    public bool HasExited => process.HasExited;

    /// <summary>What it has printed so far, also what was read line by line.</summary>
    public IReadOnlyList<string> Output { get { lock (output) { return [.. output]; } } }
    public IReadOnlyList<string> Errors { get { lock (errors) { return [.. errors]; } } }

    /// <param name="arguments">From the command's name on.</param>
    public static RunningAgent Start(string? scene, double speed, string[] arguments) => new(arguments, scene, speed);

    /// <summary>`agent` in real time with a file of settings, printing its events.</summary>
    public static RunningAgent WithConfig(string config, string? scene, params string[] arguments) => WithConfig(config, scene, [], arguments);

    /// <param name="environment">Added to this process's own.</param>
    public static RunningAgent WithConfig(string config, string? scene, IEnumerable<(string Name, string Value)> environment, params string[] arguments) =>
        new(["agent", "--nvml", NvmlSim.Path, "--config", config, "--output", "ndjson", .. arguments], scene, 1, environment);

    /// <summary>The next line of its output that was not read; null at its end.</summary>
    public async Task<string?> ReadLineAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        return await unread.Reader.WaitToReadAsync(patience.Token) && unread.Reader.TryRead(out var line) ? line : null;
    }

    public string? ReadLine() => ReadLineAsync().GetAwaiter().GetResult();

    /// <summary>The events it prints, up to the first that is later than this on the simulator's clock: a slow machine takes longer, and sees no fewer.</summary>
    public async Task<List<string>> ReadUntilAsync(double seconds)
    {
        var lines = new List<string>();
        while (await ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (JsonDocument.Parse(line).RootElement.GetProperty("t").GetDouble() - await ZeroAsync() > seconds)
            {
                return lines;
            }
        }
        throw new InvalidOperationException($"It ended before {seconds} s: {string.Join("; ", Errors)}");
    }

    /// <summary>The instant of the simulator's time 0. It says so before its first event, but on another pipe, which may be read later.</summary>
    public async Task<double> ZeroAsync()
    {
        const string Said = "its time 0 is ";
        string? line = null;
        await Eventually.HoldsAsync(() => (line = Errors.FirstOrDefault(said => said.Contains(Said, StringComparison.Ordinal))) is not null, 30, "it says when time began");
        return double.Parse(line!.Split(Said)[1].Split(';')[0], CultureInfo.InvariantCulture);
    }

    public void Interrupt() => Signal(2);

    public void Signal(int number) => Assert.Equal(0, Kill(process.Id, number));

    /// <summary>SIGKILL: nothing can be flushed.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public int Stop()
    {
        Signal(15);
        return End().Code;
    }

    /// <summary>Waits for its end: exit code, what was still unread of its output, and all of stderr.</summary>
    public (int Code, string Out, string Error) End()
    {
        Assert.True(process.WaitForExit(Patience), "the program still runs");
        // Without a limit it waits for the last lines too.
        process.WaitForExit();
        var rest = new List<string>();
        while (unread.Reader.TryRead(out var line))
        {
            rest.Add(line);
        }
        return (process.ExitCode, Joined(rest), Joined(Errors));
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        process.Dispose();
        home.Dispose();
    }

    private void Take(string? line)
    {
        Keep(output, line);
        if (line is null)
        {
            unread.Writer.Complete();
        }
        else
        {
            unread.Writer.TryWrite(line);
        }
    }

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

    private static string Joined(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
