using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using GpuWatch.Core.Units;

namespace GpuWatch.Notify;

/// <summary>
/// One talk with a mail server: RFC 5321, with STARTTLS (RFC 3207) and AUTH PLAIN or LOGIN (RFC 4954). Why not the runtime's own
/// client: docs/decisions/0014.
/// </summary>
internal sealed class SmtpTalk : IAsyncDisposable
{
    private const int LongestLine = 4096, MostLines = 100;

    private readonly TcpClient connection = new();
    private readonly byte[] buffer = new byte[LongestLine];
    private Stream stream = Stream.Null;
    private int filled;
    private HashSet<string> offers = [];

    private SmtpTalk()
    {
    }

    /// <summary>Connected, private as far as is asked for, and logged in where there is a user.</summary>
    /// <exception cref="SmtpRefusal">The server does not want to.</exception>
    public static async Task<SmtpTalk> BeginAsync(MailOptions options, CancellationToken stop)
    {
        var talk = new SmtpTalk();
        try
        {
            await talk.ConnectAsync(options, stop).ConfigureAwait(false);
            if (options.User is { } user)
            {
                await talk.LoginAsync(user, options.Password?.Reveal() ?? "", stop).ConfigureAwait(false);
            }
            return talk;
        }
        catch
        {
            await talk.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <returns>The receivers that the server does not want, each with its words; the others have the mail.</returns>
    public async Task<IReadOnlyList<string>> SendAsync(string from, IReadOnlyList<string> to, string mail, CancellationToken stop)
    {
        await SayAsync($"MAIL FROM:<{from}>", 250, stop).ConfigureAwait(false);
        var refused = new List<SmtpRefusal>();
        foreach (var receiver in to)
        {
            try
            {
                await SayAsync($"RCPT TO:<{receiver}>", 250, stop).ConfigureAwait(false);
            }
            catch (SmtpRefusal no)
            {
                refused.Add(no);
            }
        }
        if (refused.Count == to.Count)
        {
            throw refused[0];
        }
        await SayAsync("DATA", 354, stop).ConfigureAwait(false);
        // A line that is a dot alone would end the mail; so each that begins with one gets another.
        await SayAsync(mail.Replace("\r\n.", "\r\n..", StringComparison.Ordinal) + "\r\n.", 250, stop).ConfigureAwait(false);
        return [.. refused.Select(no => no.Message)];
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync().ConfigureAwait(false);
        connection.Dispose();
    }

    private async Task ConnectAsync(MailOptions options, CancellationToken stop)
    {
        await connection.ConnectAsync(options.Host, options.Port, stop).ConfigureAwait(false);
        stream = connection.GetStream();
        if (options.Tls == MailTls.FromTheStart)
        {
            await EncryptAsync(options.Host, stop).ConfigureAwait(false);
        }
        await ExpectAsync(220, stop).ConfigureAwait(false);
        await HelloAsync(stop).ConfigureAwait(false);
        if (options.Tls == MailTls.StartTls)
        {
            if (!offers.Contains("STARTTLS"))
            {
                throw new SmtpRefusal(0, "the server offers no TLS, and nothing is told without it");
            }
            await SayAsync("STARTTLS", 220, stop).ConfigureAwait(false);
            await EncryptAsync(options.Host, stop).ConfigureAwait(false);
            await HelloAsync(stop).ConfigureAwait(false);
        }
    }

    private async Task EncryptAsync(string host, CancellationToken stop)
    {
        // What a stranger slipped in behind the server's last plain word is not read as said in private.
        filled = 0;
        var encrypted = new SslStream(stream);
        stream = encrypted;
        await encrypted.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host }, stop).ConfigureAwait(false);
    }

    private async Task HelloAsync(CancellationToken stop)
    {
        var here = ((IPEndPoint)connection.Client.LocalEndPoint!).Address;
        var name = here.IsIPv4MappedToIPv6 ? here.MapToIPv4().ToString() : here.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6:" + here : here.ToString();
        var reply = await SayAsync($"EHLO [{name}]", 250, stop).ConfigureAwait(false);
        // "AUTH PLAIN LOGIN" is one offer a word here.
        offers = [.. reply.Skip(1).SelectMany(line => line.ToUpperInvariant().Split(' ') is ["AUTH", .. var ways] ? ways.Select(way => "AUTH " + way) : [line.ToUpperInvariant().Trim()])];
    }

    private async Task LoginAsync(string user, string password, CancellationToken stop)
    {
        if (offers.Contains("AUTH PLAIN"))
        {
            await SayAsync("AUTH PLAIN " + Base64($"\0{user}\0{password}"), 235, stop).ConfigureAwait(false);
        }
        else if (offers.Contains("AUTH LOGIN"))
        {
            await SayAsync("AUTH LOGIN", 334, stop).ConfigureAwait(false);
            await SayAsync(Base64(user), 334, stop).ConfigureAwait(false);
            await SayAsync(Base64(password), 235, stop).ConfigureAwait(false);
        }
        else
        {
            throw new SmtpRefusal(0, "the server offers no login by password (AUTH PLAIN or LOGIN)");
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private async Task<List<string>> SayAsync(string command, int expected, CancellationToken stop)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), stop).ConfigureAwait(false);
        return await ExpectAsync(expected, stop).ConfigureAwait(false);
    }

    /// <returns>The lines of the reply, without their numbers.</returns>
    private async Task<List<string>> ExpectAsync(int expected, CancellationToken stop)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await ReadLineAsync(stop).ConfigureAwait(false);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code) || lines.Count >= MostLines)
            {
                throw new IOException("the server does not speak SMTP");
            }
            lines.Add(Plain.Text(line.Length > 4 ? line[4..] : ""));
            if (line.Length == 3 || line[3] != '-')
            {
                // 251: the server passes it on to where the receiver has moved.
                return code == expected || (code, expected) == (251, 250) ? lines : throw new SmtpRefusal(code, string.Create(CultureInfo.InvariantCulture, $"{code} {string.Join(' ', lines)}"));
            }
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken stop)
    {
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf((byte)'\n')) < 0)
        {
            var read = filled < buffer.Length ? await stream.ReadAsync(buffer.AsMemory(filled), stop).ConfigureAwait(false) : 0;
            if (read == 0)
            {
                throw new IOException(filled < buffer.Length ? "the server hung up" : "the server does not speak SMTP");
            }
            filled += read;
        }
        var line = Encoding.UTF8.GetString(buffer, 0, end).TrimEnd('\r');
        buffer.AsSpan(end + 1, filled - end - 1).CopyTo(buffer);
        filled -= end + 1;
        return line;
    }
}
