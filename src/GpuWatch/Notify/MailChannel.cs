using System.Net;
using System.Net.Mail;

namespace GpuWatch.Notify;

/// <summary>Sends a plain-text mail by SMTP (docs/decisions: why the runtime's own client).</summary>
internal sealed class MailChannel(MailOptions options, NoticeText text) : INotifyChannel
{
    public async Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop)
    {
        using var client = new SmtpClient(options.Host, options.Port) { EnableSsl = options.Tls };
        if (options.User is { } user)
        {
            client.Credentials = new NetworkCredential(user, options.Password?.Reveal());
        }
        using var mail = new MailMessage
        {
            From = new MailAddress(options.From),
            Subject = text.Title(notices),
            Body = string.Join("\n", notices.Select(text.Line)) + "\n",
        };
        foreach (var to in options.To)
        {
            mail.To.Add(to);
        }
        try
        {
            await client.SendMailAsync(mail, stop).ConfigureAwait(false);
            return Delivery.Done;
        }
        catch (SmtpException failure)
        {
            // 5xx: refused for good; 4xx, and no connection: not now.
            return (int)failure.StatusCode is >= 500 and < 600
                ? Delivery.GiveUp($"the mail server refuses: {failure.Message}")
                : Delivery.TryAgain($"mail: {failure.InnerException?.Message ?? failure.Message}");
        }
    }
}
