using System.Reactive.Concurrency;
using GpuWatch.Commands;

namespace GpuWatch.Tests.Support;

/// <summary>Runs a command in this process, the way a user would type it.</summary>
internal static class Gpuwatch
{
    public static (int Code, string Out, string Error) Run(params string[] arguments) => RunIn(_ => null, arguments);

    /// <summary>Where time stands still: however slow this machine is, nothing is given up.</summary>
    public static (int Code, string Out, string Error) RunTimeless(params string[] arguments) => RunIn(_ => null, [], arguments, new ManualTime());

    public static (int Code, string Out, string Error) RunIn(Func<string, string?> environment, params string[] arguments) =>
        RunIn(environment, [], arguments, TimeProvider.System);

    /// <summary>With these variables and no others.</summary>
    public static (int Code, string Out, string Error) RunIn(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        RunIn(environment.GetValueOrDefault, [.. environment.Keys], arguments, TimeProvider.System);

    private static (int Code, string Out, string Error) RunIn(Func<string, string?> environment, string[] names, string[] arguments, TimeProvider time)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        var code = CommandLine.Run(arguments, new Surroundings(
            output, error, false, environment, time, Scheduler.Default, CancellationToken.None)
        {
            VariableNames = names,
        });
        return (code, output.ToString(), error.ToString());
    }
}
