using System.Reactive.Concurrency;
using System.Runtime.InteropServices;
using GpuWatch.Commands;

namespace GpuWatch;

/// <summary>The only place that names the real clock, scheduler, console and signals.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        return CommandLine.Run(arguments, new Surroundings(
            Console.Out,
            Console.Error,
            !Console.IsOutputRedirected,
            Environment.GetEnvironmentVariable,
            TimeProvider.System,
            DefaultScheduler.Instance,
            stop.Token));

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }
}
