using GpuWatch.Notify;
using GpuWatch.Options;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Notify;

/// <summary>Against a real mail server, with TLS and a user that has to log in.</summary>
[Trait("Category", "Servers")]
public sealed class MailTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The whole agent: only a process of its own can be given a certificate to trust.</summary>
    [ToolFact("aiosmtpd", "openssl")]
    public async Task A_predicted_OOM_is_mailed_over_TLS_by_the_user_who_logged_in()
    {
        using var server = await SmtpServer.StartAsync(MailTls.StartTls);
        using var agent = RunningAgent.WithConfig(
            folder.File("g.yaml", $"""
                mail:
                  host: localhost
                  port: {server.Port}
                  from: gpuwatch@example.org
                  to: [ops@example.org, night@example.org]
                  user: {SmtpServer.User}
                  password_file: {folder.File("password", SmtpServer.Password + "\n")}
                alerts:
                  at_least: critical
                store:
                  path: none
                """),
            SomeJob.Loading(folder, pid: 4242), [("SSL_CERT_FILE", server.Certificate)], "--job", SomeJob.TooLarge(folder), "--listen", "none", "--period", "100ms", "--for", "60s");
        await Eventually.HoldsAsync(() => server.Mails.Count > 0 || agent.Errors.Any(line => line.Contains("mail", StringComparison.Ordinal)), 60, "the mail arrived");
        Assert.Equal(130, agent.Stop());

        Assert.DoesNotContain(agent.Errors, line => line.Contains("mail", StringComparison.Ordinal));
        var mail = Assert.Single(server.Mails, mail => mail.GetProperty("subject").GetString()!.StartsWith("[GpuWatch] CRITICAL", StringComparison.Ordinal));
        Assert.True(mail.GetProperty("tls").GetBoolean());
        Assert.Equal(SmtpServer.User, mail.GetProperty("user").GetString());
        Assert.Equal(["ops@example.org", "night@example.org"], mail.GetProperty("to").EnumerateArray().Select(to => to.GetString()));
        Assert.EndsWith(" gpu 0, process 4242", mail.GetProperty("subject").GetString());
        Assert.Matches("CRITICAL oom-risk: .* gpu 0, process 4242.*: .+", mail.GetProperty("mail").GetString()!);
        Assert.DoesNotContain(agent.Errors.Concat(agent.Output), line => line.Contains(SmtpServer.Password, StringComparison.Ordinal));
    }

    [ToolTheory("aiosmtpd", "openssl")]
    [InlineData(nameof(MailTls.StartTls))]
    [InlineData(nameof(MailTls.FromTheStart))]
    public async Task A_server_whose_certificate_nobody_vouches_for_is_told_nothing(string how)
    {
        var tls = Enum.Parse<MailTls>(how);
        using var server = await SmtpServer.StartAsync(tls);
        var failure = await Assert.ThrowsAsync<System.Security.Authentication.AuthenticationException>(() => SendAsync(server, tls));

        Assert.Contains("certificate", failure.Message);
        Assert.Empty(server.Logins);
        Assert.Empty(server.Mails);
    }

    [ToolFact("aiosmtpd")]
    public async Task A_server_without_TLS_is_not_told_the_password_unless_the_settings_allow_it()
    {
        using var server = await SmtpServer.StartAsync(MailTls.None);
        var delivery = await SendAsync(server, MailTls.StartTls);
        Assert.Equal(Delivery.TryAgain("mail: the server offers no TLS, and nothing is told without it"), delivery);
        Assert.Empty(server.Logins);

        Assert.Equal(Delivery.Done, await SendAsync(server, MailTls.None));
        Assert.Equal(SmtpServer.User, Assert.Single(server.Mails).GetProperty("user").GetString());
    }

    [ToolFact("aiosmtpd")]
    public async Task A_wrong_password_is_a_problem_that_may_heal_and_is_not_said()
    {
        using var server = await SmtpServer.StartAsync(MailTls.None);
        var delivery = await SendAsync(server, MailTls.None, password: "wr0ng");

        Assert.False(delivery.IsFinal);
        Assert.StartsWith("mail: 535 ", delivery.Problem);
        Assert.DoesNotContain("wr0ng", delivery.Problem);
        Assert.False(Assert.Single(server.Logins).GetProperty("good").GetBoolean());
        Assert.Empty(server.Mails);
    }

    [ToolFact("aiosmtpd")]
    public async Task A_receiver_that_is_refused_is_told_of_and_the_others_get_the_mail()
    {
        using var server = await SmtpServer.StartAsync(MailTls.None);
        Assert.Equal(Delivery.GiveUp("the mail server refuses a receiver: 550 5.1.1 no such user"), await SendAsync(server, MailTls.None, to: ["nobody@example.org", "ops@example.org"]));
        Assert.Equal(Delivery.GiveUp("the mail server refuses: 550 5.1.1 no such user"), await SendAsync(server, MailTls.None, to: ["nobody@example.org"]));

        Assert.Equal("ops@example.org", Assert.Single(Assert.Single(server.Mails).GetProperty("to").EnumerateArray()).GetString());
    }

    /// <summary>Read back by Python's own reader of mails, which the server uses.</summary>
    [ToolFact("aiosmtpd")]
    public async Task Whatever_an_alert_says_arrives_as_it_was_and_is_no_header()
    {
        using var server = await SmtpServer.StartAsync(MailTls.None);
        var reason = "naïve 🙂 .\n.\nBcc: x@example.org" + new string('ü', 3000);
        Assert.Equal(Delivery.Done, await SendAsync(server, MailTls.None, reason: reason));
        Assert.Equal(Delivery.Done, await SendAsync(server, MailTls.None, reason: reason, host: "nöde-🙂-" + new string('x', 100)));

        Assert.Contains("naïve 🙂 . . Bcc: x@example.org" + new string('ü', 3000), server.Mails[0].GetProperty("mail").GetString());
        Assert.Equal("[GpuWatch] CRITICAL oom-risk on node-1 gpu 0, process 42", server.Mails[0].GetProperty("subject").GetString());
        Assert.Contains("nöde-🙂-" + new string('x', 100) + " gpu 0", server.Mails[1].GetProperty("subject").GetString());
        Assert.All(server.Mails, mail => Assert.Equal("ops@example.org", Assert.Single(mail.GetProperty("to").EnumerateArray()).GetString()));
    }

    [Theory]
    [InlineData("a@b> SIZE=1")]
    [InlineData("Me <a@b.org>")]
    [InlineData("a@b.org\r\nDATA")]
    [InlineData("nobody")]
    public void Only_a_bare_address_is_one(string to)
    {
        var quoted = to.Replace("\r\n", "\\r\\n", StringComparison.Ordinal);
        var (code, _, error) = Gpuwatch.Run("config", "validate", "--config", folder.File("g.yaml", $"mail: {{ host: x, from: a@example.org, to: [\"{quoted}\"] }}\n"));

        Assert.Equal(2, code);
        Assert.Contains("'mail.to' names nobody, or no mail address", error);
    }

    private static Task<Delivery> SendAsync(SmtpServer server, MailTls tls, string password = SmtpServer.Password, string[]? to = null, string reason = "Memory runs out.", string host = "node-1") =>
        new MailChannel(
            new("localhost", server.Port, tls, "gpuwatch@example.org", to ?? ["ops@example.org"], SmtpServer.User, new Secret(password)), new NoticeText(host, _ => null), TimeProvider.System)
            .SendAsync([new(SomeAlert.Raised(reason: reason))], default);
}
