using System.Diagnostics;
using System.Text;
using System.Text.Json;
using GpuWatch.Core.Sample;

namespace GpuWatch.Notify;

/// <summary>
/// Starts a program for each message, with the events of CONTRACTS 5 as lines on its standard input. The arguments are those of
/// the configuration and nothing else: no shell, and no text from outside, ever becomes part of them.
/// </summary>
internal sealed class CommandChannel(IReadOnlyList<string> arguments, Action<Utf8JsonWriter, WatchEvent> write) : INotifyChannel
{
    /// <summary>The program has no business with the agent's own secrets.</summary>
    private static readonly string[] Private = ["GPUWATCH_", "INFLUX_TOKEN", "OTEL_EXPORTER_OTLP_HEADERS", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"];

    public async Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop)
    {
        using var process = Process.Start(StartInfo())!;
        try
        {
            // Our standard output is data for others: what the program says there is nobody's.
            var said = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, stop);
            await FeedAsync(process, notices, stop).ConfigureAwait(false);
            await said.ConfigureAwait(false);
            await process.WaitForExitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode == 0 ? Delivery.Done : Delivery.TryAgain($"{arguments[0]} ends with exit code {process.ExitCode}");
    }

    private ProcessStartInfo StartInfo()
    {
        var start = new ProcessStartInfo(arguments[0], arguments.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var name in start.Environment.Keys.Where(name => Private.Any(start => name.StartsWith(start, StringComparison.Ordinal))).ToList())
        {
            start.Environment.Remove(name);
        }
        return start;
    }

    private async Task FeedAsync(Process process, IReadOnlyList<Notice> notices, CancellationToken stop)
    {
        try
        {
            foreach (var notice in notices)
            {
                var line = Encoding.UTF8.GetString(JsonPost.Body(json => write(json, notice.Happened)));
                await process.StandardInput.WriteAsync((line + "\n").AsMemory(), stop).ConfigureAwait(false);
            }
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It does not care for its input: its exit code says whether that was right.
        }
    }
}
