using System.Net.Sockets;
using System.Text;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The whole agent as systemd starts it: a socket to tell, a watchdog, a folder of credentials; the test is systemd.</summary>
public sealed class ServiceProtocolTests : IDisposable
{
    private const string Secret = "s3cr3t-t0ken";
    private readonly TemporaryFolder folder = new();
    private readonly Socket systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    private readonly List<string> told = [];

    public void Dispose()
    {
        systemd.Dispose();
        folder.Dispose();
    }

    [LinuxFact]
    public async Task It_tells_that_it_is_ready_and_alive_and_ending_and_its_credentials_are_nowhere_to_be_read()
    {
        systemd.Bind(new UnixDomainSocketEndPoint(folder.File("notify")));
        folder.File("influx_token", Secret + "\n");
        folder.File("http_token", Secret + "-2\n");
        var port = Ports.Free();
        using var agent = RunningAgent.WithConfig(
            folder.File("g.yaml", "influx: { url: 'http://127.0.0.1:1', api: v1, spool: none }\nstore: { path: none }\n"), null,
            [("NOTIFY_SOCKET", folder.File("notify")), ("WATCHDOG_USEC", "600000"), ("CREDENTIALS_DIRECTORY", folder.Path)],
            "--listen", $"127.0.0.1:{port}", "--period", "100ms");
        await Eventually.HoldsAsync(() => Told().Count(line => line == "WATCHDOG=1") >= 3, 60, () => "it is alive: " + string.Join("; ", [.. agent.Errors, .. told]));
        Assert.Single(told, line => line.StartsWith("READY=1\nSTATUS=", StringComparison.Ordinal));

        foreach (var file in (string[])["cmdline", "environ", "maps"])
        {
            Assert.DoesNotContain(Secret, File.ReadAllText($"/proc/{agent.Pid}/{file}"));
        }
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), DefaultRequestHeaders = { { "Authorization", $"Bearer {Secret}-2" } } };
        Assert.DoesNotContain(Secret, await http.GetStringAsync("/healthz") + await http.GetStringAsync("/metrics"));
        // The kernel keeps ten that nobody has read, and what is told beyond is lost.
        Told();
        Assert.Equal(130, agent.Stop());
        Assert.Equal("STOPPING=1", Told()[^1]);
        Assert.DoesNotContain(agent.Errors.Concat(agent.Output), line => line.Contains(Secret, StringComparison.Ordinal));
    }

    private List<string> Told()
    {
        var buffer = new byte[256];
        while (systemd.Available > 0)
        {
            told.Add(Encoding.UTF8.GetString(buffer, 0, systemd.Receive(buffer)));
        }
        return told;
    }
}
