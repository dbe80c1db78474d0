namespace GpuWatch.Notify;

/// <summary>A mail server said no.</summary>
/// <param name="code">Its number: 4xx for now, 5xx for good.</param>
/// <param name="said">Its words.</param>
internal sealed class SmtpRefusal(int code, string said) : Exception(said)
{
    public int Code => code;

    /// <summary>Logins are mended by a person, as a server's trouble is by time: both are worth another try.</summary>
    public bool IsFinal => code is >= 500 and < 600 and not (530 or 534 or 535);
}
