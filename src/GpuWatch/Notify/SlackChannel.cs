using GpuWatch.Options;

namespace GpuWatch.Notify;

/// <summary>Posts to an incoming webhook of Slack, or what takes the same (Mattermost, Rocket.Chat, Discord's /slack). The address is the secret.</summary>
internal sealed class SlackChannel(Secret address, NoticeText text) : INotifyChannel, IDisposable
{
    private readonly JsonPost post = new(new Uri(address.Reveal()), "the Slack webhook");

    public Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop) =>
        post.SendAsync(JsonPost.Body(json =>
        {
            json.WriteStartObject();
            json.WriteString("text", Inert(string.Join('\n', notices.Select(text.Line))));
            json.WriteEndObject();
        }), [], stop);

    public void Dispose() => post.Dispose();

    /// <summary>Slack reads &lt;…&gt; as links and mentions: "&lt;!channel&gt;" in a process's name must wake nobody.</summary>
    private static string Inert(string message) =>
        message.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
