namespace GpuWatch.Store.Influx;

/// <summary>What to do after a write.</summary>
internal enum Outcome
{
    Stored,
    /// <summary>The server refused some or all points and will refuse them again: never send them again.</summary>
    Refused,
    /// <summary>Send it in halves.</summary>
    TooLarge,
    /// <summary>A person has to change something (token, bucket, address): keep the backlog and ask again slowly.</summary>
    Barred,
    /// <summary>The server is down or busy: try again.</summary>
    Later,
}

/// <summary>The server's answer as a value.</summary>
/// <param name="RefusedPoints">Points of the batch that are lost.</param>
/// <param name="RetryAfter">What the server asked for; null when it did not.</param>
/// <param name="Reason">In the server's words, cut to a line; null when stored.</param>
/// <param name="Status">The HTTP status of what is barred; null for all else.</param>
internal sealed record Answer(Outcome Outcome, int RefusedPoints = 0, TimeSpan? RetryAfter = null, string? Reason = null, int? Status = null)
{
    public static Answer Stored { get; } = new(Outcome.Stored);

    /// <summary>Judges by the table of status codes that InfluxDB 1.x, 2.x and 3.x document (and 1.6.7 was seen to use).</summary>
    /// <param name="points">How many the request carried.</param>
    public static Answer Of(int status, string body, int points, TimeSpan? retryAfter) => status switch
    {
        >= 200 and < 300 => Stored,
        400 or 422 => Refusal.Of(body, points),
        413 => new(Outcome.TooLarge, Reason: Say(status, body)),
        401 or 403 or 404 => new(Outcome.Barred, Reason: Say(status, body), Status: status),
        408 or 429 or >= 500 => new(Outcome.Later, RetryAfter: retryAfter, Reason: Say(status, body)),
        _ => new(Outcome.Barred, Reason: Say(status, body), Status: status),
    };

    private static string Say(int status, string body) => $"HTTP {status}: {Refusal.ReasonOf(body)}";
}
