using GpuWatch.Core.Alert;
using GpuWatch.Options;

namespace GpuWatch.Notify;

/// <summary>When a channel is told.</summary>
internal sealed record NotifyOptions
{
    /// <summary>Alerts below it are not told. Default warning.</summary>
    public Severity AtLeast { get; init; } = Severity.Warning;

    /// <summary>How long the first alert waits for others, to be one message with them. Default 250 ms: a page must arrive within 2 s.</summary>
    public TimeSpan GroupWait { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Messages in a minute; what comes beyond waits and goes as one. Default 20.</summary>
    public int MostPerMinute { get; init; } = 20;

    /// <summary>Longest time one try may take. Default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>An alert that could not be told for this long is news no more: it is dropped and counted. Default 1 h.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Standing alerts are told again this often, for receivers that forget; null = once is enough. Default null.</summary>
    public TimeSpan? RepeatEvery { get; init; }

    /// <summary>Alerts waiting at most; beyond it the oldest is dropped and counted. Default 1000.</summary>
    public int Most { get; init; } = 1000;

    public static NotifyOptions From(SettingsSection section)
    {
        var byDefault = new NotifyOptions();
        return new()
        {
            AtLeast = section.Choice("at_least", "warning", "info", "warning", "critical") switch { "info" => Severity.Info, "critical" => Severity.Critical, _ => Severity.Warning },
            GroupWait = section.Duration("group_wait", byDefault.GroupWait, TimeSpan.Zero, TimeSpan.FromMinutes(5)),
            MostPerMinute = section.Count("most_per_minute", byDefault.MostPerMinute, 1, 6000),
            Timeout = section.Duration("timeout", byDefault.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            GiveUpAfter = section.Duration("give_up_after", byDefault.GiveUpAfter, TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
        };
    }
}
