using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Units;

namespace GpuWatch.Notify;

/// <summary>An alert in a person's words. Reasons and process names come from outside: they are made inert here, once.</summary>
/// <param name="host">Name of this machine.</param>
/// <param name="nameOf">Short name of a process; null when unknown.</param>
internal sealed class NoticeText(string host, Func<int, string?> nameOf)
{
    public string Host => host;

    public string? NameOf(int? pid) => pid is { } known && nameOf(known) is { } name ? Plain.Text(name) : null;

    /// <summary>"CRITICAL oom-risk: node-1 gpu 0, process 4242 (python): Memory runs out in …"</summary>
    public string Line(Notice notice) =>
        $"{(notice.IsFiring ? notice.Alert.Severity.Name().ToUpperInvariant() : "RESOLVED")} {notice.Alert.Kind.Name()}: {Where(notice)}: {Reason(notice)}";

    /// <summary>The message's title: its one alert, or how many there are of the worst severity.</summary>
    public string Title(IReadOnlyList<Notice> notices)
    {
        if (notices.Count == 1)
        {
            var only = notices[0];
            return $"[GpuWatch] {(only.IsFiring ? only.Alert.Severity.Name().ToUpperInvariant() : "RESOLVED")} {only.Alert.Kind.Name()} on {Where(only)}";
        }
        var firing = notices.Where(notice => notice.IsFiring).ToList();
        return firing.Count == 0
            ? $"[GpuWatch] {notices.Count} alerts resolved on {host}"
            : $"[GpuWatch] {firing.Max(notice => notice.Alert.Severity).Name().ToUpperInvariant()}: {firing.Count} alerts on {host}";
    }

    public static string Reason(Notice notice)
    {
        // Sentences are longer than Plain.Text keeps.
        var reason = notice.Alert.Reason;
        return reason.Any(char.IsControl) ? string.Concat(reason.Select(one => char.IsControl(one) ? ' ' : one)) : reason;
    }

    private string Where(Notice notice)
    {
        var gpu = string.Create(CultureInfo.InvariantCulture, $"{host} gpu {notice.Happened.Gpu}");
        return notice.Happened.Pid is not { } pid ? gpu
            : NameOf(pid) is { } name ? string.Create(CultureInfo.InvariantCulture, $"{gpu}, process {pid} ({name})")
            : string.Create(CultureInfo.InvariantCulture, $"{gpu}, process {pid}");
    }
}
