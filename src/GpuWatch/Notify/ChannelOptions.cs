using System.Net.Mail;
using GpuWatch.Options;

namespace GpuWatch.Notify;

/// <summary>Whom the agent tells of alerts. Each is null unless configured.</summary>
internal sealed record ChannelOptions
{
    public NotifyOptions Notify { get; init; } = new();
    public bool Log { get; init; }
    /// <summary>An address that anybody may post to is itself the secret; so is that of Slack.</summary>
    public Secret? Webhook { get; init; }
    public Secret? WebhookSecret { get; init; }
    public Uri? Alertmanager { get; init; }
    public Secret? AlertmanagerToken { get; init; }
    public Secret? Slack { get; init; }
    public MailOptions? Mail { get; init; }
    /// <summary>Program and arguments; the arguments may hold a secret, and are never shown.</summary>
    public IReadOnlyList<string>? Command { get; init; }
    public SignalOptions? Signal { get; init; }

    public static ChannelOptions From(Settings settings, Func<string, string?> environment)
    {
        var (alerts, webhook, alertmanager, slack) = (settings.Section("alerts"), settings.Section("webhook"), settings.Section("alertmanager"), settings.Section("slack"));
        return new()
        {
            Notify = NotifyOptions.From(alerts),
            Log = alerts.Flag("log", false),
            Webhook = SecretAddress(webhook, environment),
            WebhookSecret = webhook.Secret("secret", environment),
            Alertmanager = Address(alertmanager),
            AlertmanagerToken = alertmanager.Secret("token", environment),
            Slack = SecretAddress(slack, environment),
            Mail = MailFrom(settings.Section("mail"), environment),
            Command = settings.Section("command").List("argv", secretFrom: 1) is { Count: > 0 } argv ? argv : null,
            Signal = SignalFrom(settings.Section("signal")),
        };
    }

    private static MailOptions? MailFrom(SettingsSection section, Func<string, string?> environment)
    {
        var host = section.Text("host");
        var port = section.Count("port", 587, 1, 65535);
        // Port 465 is where TLS is spoken from the first byte (RFC 8314).
        var tls = !section.Flag("tls", true) ? MailTls.None : port == 465 ? MailTls.FromTheStart : MailTls.StartTls;
        var options = new MailOptions(host ?? "", port, tls, section.Text("from") ?? "", section.List("to"), section.Text("user"), section.Secret("password", environment));
        return host is null ? null
            : !IsMail(options.From) ? throw section.Bad("from", "is no mail address", "NAME@DOMAIN is expected")
            : options.To.Count == 0 || !options.To.All(IsMail) ? throw section.Bad("to", "names nobody, or no mail address", "a list of NAME@DOMAIN is expected")
            : options;

        // The bare address and nothing around it: it becomes part of a command to the server.
        static bool IsMail(string address) => MailAddress.TryCreate(address, out var read) && read.Address == address && address.All(one => one is > ' ' and < (char)127 and not ('<' or '>'));
    }

    private static SignalOptions? SignalFrom(SettingsSection section)
    {
        var name = section.Choice("name", "none", "none", "SIGUSR1", "SIGUSR2", "SIGTERM");
        var users = section.List("users");
        var touch = section.Text("touch");
        int? number = name switch { "SIGUSR1" => 10, "SIGUSR2" => 12, "SIGTERM" => 15, _ => null };
        if (touch is { } file && !Path.IsPathRooted(file))
        {
            throw section.Bad("touch", "is no absolute path", "/DIR/NAME is expected, in which {pid} and {gpu} are replaced");
        }
        return number is null && touch is null ? null
            : new SignalOptions(number, users.Count > 0 ? users : [Environment.UserName], touch);
    }

    private static Uri? Address(SettingsSection section) => section.Text("url") switch
    {
        null => null,
        var text when IsHttp(text) => new Uri(text),
        _ => throw section.Bad("url", "is no address of a server", "http://HOST:PORT/… is expected"),
    };

    private static Secret? SecretAddress(SettingsSection section, Func<string, string?> environment) => section.Secret("url", environment) switch
    {
        null => null,
        var url when IsHttp(url.Reveal()) => url,
        _ => throw section.Bad("url", "is no address", "https://HOST/… is expected"),
    };

    private static bool IsHttp(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";
}
