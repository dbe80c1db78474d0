using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;

namespace GpuWatch.Commands;

/// <summary>Whether an alert was raised that the user wants to fail on.</summary>
/// <param name="failOn">"warning" or "critical"; null: never.</param>
internal sealed class Verdict(string? failOn)
{
    private readonly Severity? least = failOn switch
    {
        "warning" => Severity.Warning,
        "critical" => Severity.Critical,
        _ => null,
    };

    public int ExitCode { get; private set; } = Commands.ExitCode.Done;

    public void Take(WatchEvent happened)
    {
        if (happened is AlertRaised raised && raised.Alert.Severity >= least)
        {
            ExitCode = Commands.ExitCode.No;
        }
    }
}
