namespace GpuWatch.Notify;

/// <summary>A way to reach somebody. Anything it throws counts as a failure to be tried again.</summary>
internal interface INotifyChannel
{
    Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop);
}

/// <summary>How it went.</summary>
/// <param name="Problem">Null: delivered.</param>
/// <param name="IsFinal">Another try would fail in the same way.</param>
internal readonly record struct Delivery(string? Problem, bool IsFinal)
{
    public static Delivery Done => default;
    public static Delivery TryAgain(string problem) => new(problem, false);
    public static Delivery GiveUp(string problem) => new(problem, true);
}
