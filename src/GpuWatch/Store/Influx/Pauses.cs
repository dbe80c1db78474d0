namespace GpuWatch.Store.Influx;

/// <summary>How long to wait before a batch is sent again: doubling, with jitter so that a fleet does not come back as one.</summary>
/// <param name="random">Uniform in 0–1.</param>
internal sealed class Pauses(TimeSpan first, TimeSpan longest, Func<double> random)
{
    /// <summary>A server that asks for more than this is asked again anyway.</summary>
    private static readonly TimeSpan LongestAsked = TimeSpan.FromHours(1);

    /// <summary>What bars the sink is changed by a person, not within a second.</summary>
    private static readonly TimeSpan LeastWhenBarred = TimeSpan.FromSeconds(5);

    /// <param name="attempt">0 for the pause after the first failure.</param>
    public TimeSpan Before(int attempt, Answer answer)
    {
        var backoff = first * Math.Pow(2, Math.Min(attempt, 30)) * (0.5 + 0.5 * random());
        var pause = backoff < longest ? backoff : longest;
        if (answer.Outcome == Outcome.Barred && pause < LeastWhenBarred)
        {
            pause = LeastWhenBarred < longest ? LeastWhenBarred : longest;
        }
        return answer.RetryAfter is { } asked && asked > pause ? (asked < LongestAsked ? asked : LongestAsked) : pause;
    }
}
