namespace GpuWatch.Notify;

/// <summary>Says each alert on the agent's log.</summary>
internal sealed class LogChannel(NoticeText text, Action<string> log) : INotifyChannel
{
    public Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop)
    {
        foreach (var notice in notices)
        {
            log(text.Line(notice));
        }
        return Task.FromResult(Delivery.Done);
    }
}
