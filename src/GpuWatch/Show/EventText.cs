using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Show;

/// <summary>An event as a line for people: when, where, what. Its text may change at will.</summary>
internal static class EventText
{
    /// <summary>Later than 1973: the times of a recording are Unix seconds, not seconds since it began.</summary>
    private const double UnixSecondsFrom = 1e8;

    public static string Line(WatchEvent watchEvent) => string.Create(
        CultureInfo.InvariantCulture,
        $"{When(watchEvent.TimeSeconds)}  GPU {watchEvent.Gpu}  {Who(watchEvent.Pid),-11}  {What(watchEvent)}");

    public static string When(double seconds) => seconds >= UnixSecondsFrom && seconds < 1e11
        ? DateTime.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss.f", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{seconds,9:0.0} s");

    private static string Who(int? pid) => pid is { } known ? string.Create(CultureInfo.InvariantCulture, $"pid {known}") : "device";

    private static string What(WatchEvent watchEvent) => watchEvent switch
    {
        AlertRaised raised => $"{raised.Alert.Severity.Name().ToUpperInvariant(),-8}  {raised.Alert.Kind.Name()}: {Plain(raised.Alert.Reason)}",
        AlertResolved resolved => $"{"resolved",-8}  {resolved.Alert.Kind.Name()}: {Plain(resolved.Alert.Reason)}",
        ForecastMade forecast => string.Create(
            CultureInfo.InvariantCulture,
            $"forecast  P(out of memory) {forecast.OomWithin60s:0 %} in 1 min, {forecast.OomWithin600s:0 %} in 10 min; peak {Range(forecast.PredictedPeak)}"),
        PhaseChanged change => $"phase     {change.Phase.Name()}",
        Reconciled account => $"account   {Account(account)}",
        _ => EventJson.Name(watchEvent),
    };

    private static string Account(Reconciled account)
    {
        var bridge = account.Bridge;
        var estimated = account.EstimatedPeak is { } peak ? $", estimated {peak}" : "";
        var judgement = account.Judgement is { } words ? $"; {Plain(words).TrimEnd('.')}" : "";
        return $"peak observed {Size(account.ObservedPeak)}{estimated}{judgement}; processes {Size(bridge.Processes)} + reserved "
            + $"{Size(bridge.Reserved)} + unattributed {Size(bridge.Unattributed)} = {bridge.TotalLessFree} of the card in use";
    }

    private static string Range(ByteRange range) => $"{range.Likely} ({range.Low} to {range.High})";

    private static string Size(Bytes? size) => size?.ToString() ?? "unknown";

    /// <summary>Reasons are ours, but may quote names of processes: no control character reaches the terminal.</summary>
    private static string Plain(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '·' : letter));
}
