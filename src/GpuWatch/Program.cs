using System.Reactive.Concurrency;
using System.Runtime.InteropServices;
using GpuWatch.Commands;
using GpuWatch.Show.Top;

namespace GpuWatch;

/// <summary>The only place that names the real clock, scheduler, console and signals.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        // A terminal that closes ends what runs in it, with everything flushed; settings are read at the start only.
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel);
        var isReaderGone = false;
        var code = CommandLine.Run(arguments, new Surroundings(
            PipedOutput.Open(ReaderLeft),
            Console.Error,
            !Console.IsOutputRedirected,
            Environment.GetEnvironmentVariable,
            TimeProvider.System,
            DefaultScheduler.Instance,
            stop.Token)
        {
            VariableNames = [.. Environment.GetEnvironmentVariables().Keys.Cast<string>()],
            Terminal = Console.IsOutputRedirected ? null : new Terminal(Console.Out, () => (Console.WindowWidth, Console.WindowHeight), Key),
        });
        return Volatile.Read(ref isReaderGone) ? PipedOutput.ExitCode : code;

        static char? Key() => !Console.IsInputRedirected && Console.KeyAvailable ? Console.ReadKey(intercept: true).KeyChar : null;

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        void ReaderLeft()
        {
            Volatile.Write(ref isReaderGone, true);
            stop.Cancel();
        }
    }
}
