namespace GpuWatch.Notify;

/// <summary>Sends a plain-text mail by SMTP.</summary>
internal sealed class MailChannel(MailOptions options, NoticeText text, TimeProvider time) : INotifyChannel
{
    public async Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop)
    {
        var mail = MailText.Of(options.From, options.To, text.Title(notices), string.Join("\n", notices.Select(text.Line)) + "\n", text.Host, time.GetUtcNow());
        try
        {
            await using var talk = await SmtpTalk.BeginAsync(options, stop).ConfigureAwait(false);
            var refused = await talk.SendAsync(options.From, options.To, mail, stop).ConfigureAwait(false);
            return refused.Count == 0 ? Delivery.Done : Delivery.GiveUp("the mail server refuses a receiver: " + string.Join("; ", refused));
        }
        catch (SmtpRefusal no)
        {
            return no.IsFinal ? Delivery.GiveUp($"the mail server refuses: {no.Message}") : Delivery.TryAgain($"mail: {no.Message}");
        }
    }
}
