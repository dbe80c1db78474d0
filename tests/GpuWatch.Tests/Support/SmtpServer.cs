using System.Diagnostics;
using System.Text.Json;
using GpuWatch.Notify;

namespace GpuWatch.Tests.Support;

/// <summary>A real mail server (Debian's python3-aiosmtpd) that knows one user and keeps what it takes; with TLS, by a certificate of its own.</summary>
internal sealed class SmtpServer : IDisposable
{
    public const string User = "gpuwatch", Password = "s3cr3t-mail";

    private readonly TemporaryFolder folder = new();
    private readonly List<JsonElement> said = [];
    private readonly Process process;
    private int asked;

    private SmtpServer(MailTls tls)
    {
        if (tls != MailTls.None)
        {
            Assert.Equal(0, Tool.Run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.File("key.pem"), "-out", Certificate]).Code);
        }
        process = new Process
        {
            StartInfo = new("/usr/bin/python3", [Repository.PathOf("tests", "GpuWatch.Tests", "Support", "smtp-server.py"), $"{Port}", Kind(tls), Certificate, folder.File("key.pem")])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            },
        };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
    }

    public string Certificate => folder.File("certificate.pem");
    public int Port { get; } = Ports.Free();

    /// <summary>Each mail whose delivery the server has confirmed.</summary>
    public IReadOnlyList<JsonElement> Mails => [.. SaidByNow().Where(line => line.TryGetProperty("mail", out _))];

    /// <summary>Logins that were tried, good or bad.</summary>
    public IReadOnlyList<JsonElement> Logins => [.. SaidByNow().Where(line => line.TryGetProperty("login", out _))];

    public static async Task<SmtpServer> StartAsync(MailTls tls)
    {
        var server = new SmtpServer(tls);
        server.process.Start();
        server.process.BeginOutputReadLine();
        await Eventually.HoldsAsync(() => Of(server.Said, "listens").Any(), 30, "the mail server listens");
        return server;
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        folder.Dispose();
    }

    private static string Kind(MailTls tls) => tls switch { MailTls.None => "none", MailTls.StartTls => "starttls", _ => "implicit" };

    private List<JsonElement> Said { get { lock (said) { return [.. said]; } } }

    /// <summary>The server answers a client before its words have come through the pipe; its echo comes after them.</summary>
    private List<JsonElement> SaidByNow()
    {
        var number = Interlocked.Increment(ref asked);
        lock (process)
        {
            process.StandardInput.WriteLine(number);
        }
        Assert.True(SpinWait.SpinUntil(() => Of(Said, "heard").Any(heard => heard.GetInt32() == number), TimeSpan.FromSeconds(30)), "The mail server does not answer.");
        return Said;
    }

    private static IEnumerable<JsonElement> Of(IEnumerable<JsonElement> said, string key) => said.Where(line => line.TryGetProperty(key, out _)).Select(line => line.GetProperty(key));

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (said)
            {
                said.Add(JsonDocument.Parse(line).RootElement);
            }
        }
    }
}
