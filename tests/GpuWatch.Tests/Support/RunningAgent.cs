using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace GpuWatch.Tests.Support;

/// <summary>The real program, started as a user would, on the simulated NVML.</summary>
internal sealed partial class RunningAgent : IDisposable
{
    /// <summary>Longer than any scene lasts: what is still running then hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly Task<string> error;

    /// <param name="scene">A trace or scenario file; null for the built-in node.</param>
    /// <param name="arguments">After `agent`.</param>
    public RunningAgent(string? scene, double speed, params string[] arguments)
        : this(["agent", "--nvml", NvmlSim.Path, .. arguments], scene, speed)
    {
    }

    private RunningAgent(string[] arguments, string? scene, double speed)
    {
        // A shell starts what it puts in the background with SIGINT ignored, and so may have started these tests.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GPUWATCH_SIM_SPEED"] = speed.ToString(CultureInfo.InvariantCulture);
        start.Environment["HOME"] = start.Environment["XDG_STATE_HOME"] = Path.GetTempPath();
        if (scene is not null)
        {
            start.Environment["GPUWATCH_SIM"] = scene;
        }
        process = Process.Start(start)!;
        error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The program that was built with these tests.</summary>
    public static string Program { get; } = Repository.PathOf(
        "src", "GpuWatch", "bin", AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug", "net10.0", "gpuwatch");

    public string? ReadLine() => process.StandardOutput.ReadLine();

    /// <param name="arguments">From the command's name on.</param>
    public static RunningAgent Start(string? scene, double speed, string[] arguments) => new(arguments, scene, speed);

    public void Interrupt() => Signal(2);

    public void Signal(int number) => Assert.Equal(0, Kill(process.Id, number));

    /// <summary>Waits for its end: exit code, what was still unread of its output, and all of stderr.</summary>
    public (int Code, string Out, string Error) End()
    {
        var output = process.StandardOutput.ReadToEndAsync();
        Assert.True(output.Wait(Patience) && process.WaitForExit(Patience), "the program still runs");
        return (process.ExitCode, output.Result, error.Result);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
