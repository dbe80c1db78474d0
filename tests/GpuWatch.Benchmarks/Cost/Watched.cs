using System.Diagnostics;
using System.Globalization;

namespace GpuWatch.Benchmarks.Cost;

/// <summary>A child process whose cost is read from /proc, as any user would.</summary>
internal sealed class Watched : IDisposable
{
    private const double TicksPerSecond = 100;

    private readonly Process process;
    private readonly Stopwatch sinceStart = Stopwatch.StartNew();
    private readonly TaskCompletionSource<double> firstLine = new();

    public Watched(string program, IEnumerable<string> arguments, string scene)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GPUWATCH_SIM"] = scene;
        start.Environment["HOME"] = start.Environment["XDG_STATE_HOME"] = Path.GetDirectoryName(scene)!;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => firstLine.TrySetResult(sinceStart.Elapsed.TotalMilliseconds);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>From its start to its first line of output, in ms.</summary>
    public double FirstLineMilliseconds => firstLine.Task.Wait(TimeSpan.FromSeconds(10)) ? firstLine.Task.Result : double.NaN;

    /// <summary>User and system time so far.</summary>
    public double CpuSeconds
    {
        get
        {
            var stat = File.ReadAllText(Proc("stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    public double ResidentMegabytes =>
        long.Parse(File.ReadLines(Proc("status")).First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024 / 1e6;

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private string Proc(string file) => string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/{file}");
}
