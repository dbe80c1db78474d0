namespace GpuWatch.Notify;

/// <summary>How a job is told that it is about to run out of memory, so that it can save a checkpoint. Off unless configured.</summary>
/// <param name="Signal">Its number; null = none is sent.</param>
/// <param name="Users">Only their processes. Default: the user the agent runs as.</param>
/// <param name="Touch">A file to make or touch, with {pid} and {gpu} replaced by their numbers; null = none.</param>
internal sealed record SignalOptions(int? Signal, IReadOnlyList<string> Users, string? Touch);
