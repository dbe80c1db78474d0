using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;

namespace GpuWatch.Notify;

/// <summary>
/// What a channel is told, and when: the same alert once, those that come together as one message, not too many a minute,
/// and again after a pause when it failed. It has no clock; times are seconds of any one clock. Not thread-safe.
/// </summary>
/// <param name="dropped">Told how many alerts were thrown away.</param>
internal sealed class NotifyPolicy(NotifyOptions options, Action<int> dropped)
{
    private const double FirstPauseSeconds = 0.5;
    private const double LongestPauseSeconds = 60;

    private readonly Dictionary<NoticeKey, Notice> standing = [];
    private readonly LinkedList<(Notice Notice, double At)> pending = new();
    private readonly Queue<double> sent = new();
    private double notBefore = double.NegativeInfinity;
    private double repeatAt = double.PositiveInfinity;
    private int failures;

    /// <summary>Alerts not yet told.</summary>
    public int Pending => pending.Count;

    /// <summary>An event of the pipeline; what is no alert, below the threshold or known already is passed over.</summary>
    /// <returns>True when there is something new to tell.</returns>
    public bool Observe(WatchEvent happened, double now)
    {
        var notice = happened switch
        {
            AlertRaised raised when raised.Alert.Severity >= options.AtLeast => Raised(new(raised)),
            // An agent that stops has not seen the end of anything. Alertmanager forgets by itself what nobody repeats.
            AlertResolved { IsEndOfWatching: false } resolved => Resolved(new(resolved)),
            _ => null,
        };
        if (notice is null)
        {
            return false;
        }
        pending.AddLast((notice, now));
        if (pending.Count > options.Most)
        {
            pending.RemoveFirst();
            dropped(1);
        }
        return true;
    }

    /// <summary>What to send now; empty when nothing is due.</summary>
    public IReadOnlyList<Notice> Due(double now)
    {
        Forget(now);
        if (now < NextAt())
        {
            return [];
        }
        return pending.Count > 0 ? [.. pending.Select(waiting => waiting.Notice)] : [.. standing.Values];
    }

    /// <summary>When to ask again; infinite when only an event can make something due.</summary>
    public double NextAt()
    {
        var due = Math.Min(pending.First is { } first ? first.Value.At + options.GroupWait.TotalSeconds : double.PositiveInfinity, standing.Count > 0 ? repeatAt : double.PositiveInfinity);
        return Math.Max(due, Math.Max(notBefore, sent.Count >= options.MostPerMinute ? sent.Peek() + 60 : double.NegativeInfinity));
    }

    /// <param name="told">What <see cref="Due"/> gave; more may have come since.</param>
    public void Delivered(IReadOnlyList<Notice> told, double now)
    {
        (failures, notBefore) = (0, double.NegativeInfinity);
        Done(told, now);
    }

    /// <summary>It failed and will not be better: these are not told again.</summary>
    public void GaveUp(IReadOnlyList<Notice> told, double now)
    {
        Done(told, now);
        dropped(told.Count);
    }

    /// <param name="random">Uniform in 0–1: jitter.</param>
    public void Failed(double now, double random)
    {
        var pause = Math.Min(LongestPauseSeconds, FirstPauseSeconds * Math.Pow(2, Math.Min(failures++, 20)));
        notBefore = now + (pause * (0.5 + (0.5 * random)));
    }

    private Notice? Raised(Notice notice)
    {
        standing.TryGetValue(notice.Key, out var known);
        if (known is not null && notice.Alert.Severity <= known.Alert.Severity)
        {
            return null;
        }
        return standing[notice.Key] = notice with { Was = known?.Alert.Severity };
    }

    private Notice? Resolved(Notice notice) => standing.Remove(notice.Key, out var known) ? notice with { Was = known.Alert.Severity } : null;

    private void Done(IReadOnlyList<Notice> told, double now)
    {
        foreach (var notice in told)
        {
            while (pending.First is { } first && ReferenceEquals(first.Value.Notice, notice))
            {
                pending.RemoveFirst();
            }
        }
        sent.Enqueue(now);
        repeatAt = options.RepeatEvery is { } every && standing.Count > 0 ? now + every.TotalSeconds : double.PositiveInfinity;
    }

    private void Forget(double now)
    {
        while (sent.Count > 0 && now - sent.Peek() >= 60)
        {
            sent.Dequeue();
        }
        while (pending.First is { } first && now - first.Value.At > options.GiveUpAfter.TotalSeconds)
        {
            pending.RemoveFirst();
            dropped(1);
        }
    }
}
