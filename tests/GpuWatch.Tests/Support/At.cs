namespace GpuWatch.Tests.Support;

/// <summary>Short names for times in tests; virtual time starts on the Unix epoch, so that sample times read as seconds.</summary>
internal static class At
{
    public static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
