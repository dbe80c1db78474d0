using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;

namespace GpuWatch.Notify;

/// <summary>One thing to tell: an alert that began, rose or ended.</summary>
/// <param name="Happened">An <see cref="AlertRaised"/> or <see cref="AlertResolved"/>.</param>
/// <param name="Was">The severity told before for the same alert; null when it is new.</param>
internal sealed record Notice(WatchEvent Happened, Severity? Was = null)
{
    public Alert Alert => Happened switch
    {
        AlertRaised raised => raised.Alert,
        AlertResolved resolved => resolved.Alert,
        _ => throw new InvalidOperationException($"{Happened.GetType().Name} is no alert."),
    };

    public bool IsFiring => Happened is AlertRaised;

    public NoticeKey Key => new(Happened.Gpu, Happened.Pid, Alert.Kind);
}

/// <summary>What makes two events one alert.</summary>
internal readonly record struct NoticeKey(int Gpu, int? Pid, AlertKind Kind);
