using System.Reactive.Concurrency;
using GpuWatch.Show.Top;

namespace GpuWatch.Commands;

/// <summary>What a command may touch of the world; only Program.cs names the real ones, tests pass their own.</summary>
/// <param name="Out">Data goes here, and nothing else.</param>
/// <param name="Error">Everything for people.</param>
/// <param name="Environment">Value of an environment variable, null when it is not set.</param>
/// <param name="Stop">Set by Ctrl-C and SIGTERM.</param>
internal sealed record Surroundings(
    TextWriter Out,
    TextWriter Error,
    bool OutIsTerminal,
    Func<string, string?> Environment,
    TimeProvider Time,
    IScheduler Scheduler,
    CancellationToken Stop)
{
    /// <summary>The names of all variables of the environment; empty where nobody is to look through them.</summary>
    public IReadOnlyCollection<string> VariableNames { get; init; } = [];

    /// <summary>The terminal that is both read and written; null: there is none.</summary>
    public Terminal? Terminal { get; init; }
}
