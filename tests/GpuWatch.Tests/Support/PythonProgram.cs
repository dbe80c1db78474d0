using System.Diagnostics;
using System.Threading.Channels;
using GpuWatch.InProcess;

namespace GpuWatch.Tests.Support;

/// <summary>A Python program with the scripted torch of Support/python; it and its test take turns by lines on stdin and stdout.</summary>
internal sealed class PythonProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process process;
    private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    private readonly Task<string> errors;

    /// <param name="paths">Before the scripted torch on PYTHONPATH.</param>
    /// <param name="before">What starts it, e.g. unshare; none: nothing.</param>
    /// <param name="period">GPUWATCH_IN_PROCESS_PERIOD.</param>
    public PythonProgram(string script, string[] paths, string[]? before = null, string period = "0.05")
    {
        string[] line = [.. before ?? [], "python3", "-c", script];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONPATH"] = string.Join(':', [.. paths, FakeTorch]);
        start.Environment["PYTHONUNBUFFERED"] = "1";
        start.Environment["GPUWATCH_IN_PROCESS_PERIOD"] = period;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => _ = line.Data is null ? lines.Writer.TryComplete() : lines.Writer.TryWrite(line.Data);
        process.BeginOutputReadLine();
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>With `import gpuwatch_torch` in reach.</summary>
    public static PythonProgram Importing(string script, string period = "0.05") => new(script, [PythonFolder.Path], period: period);

    public static string FakeTorch { get; } = Repository.PathOf("tests", "GpuWatch.Tests", "Support", "python");

    public int Pid => process.Id;

    /// <summary>The next line that it prints; null at its end.</summary>
    public async Task<string?> ReadLineAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        return await lines.Reader.WaitToReadAsync(patience.Token) && lines.Reader.TryRead(out var line) ? line : null;
    }

    /// <summary>Lets its `input()` go on.</summary>
    public void GoOn()
    {
        process.StandardInput.WriteLine();
        process.StandardInput.Flush();
    }

    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public async Task<(int Code, string Errors)> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await errors);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        // What was killed leaves its file.
        foreach (var left in Directory.GetFiles("/dev/shm", $"gpuwatch-{process.Id}-*"))
        {
            File.Delete(left);
        }
        process.Dispose();
    }
}
