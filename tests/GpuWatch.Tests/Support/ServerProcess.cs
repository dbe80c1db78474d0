using System.Diagnostics;

namespace GpuWatch.Tests.Support;

/// <summary>A real server on loopback with a data folder of its own; gone with its data after the test.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Func<ServerProcess, (string Program, string[] Arguments)> command;
    private readonly string ready;
    private readonly TemporaryFolder folder = new();
    private Process? process;

    private ServerProcess(string ready, Func<ServerProcess, (string, string[])> command)
    {
        (this.ready, this.command) = (ready, command);
        Url = new Uri($"http://127.0.0.1:{Ports.Free()}");
    }

    public Uri Url { get; }
    public string Folder => folder.Path;
    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(20) };

    public static async Task<ServerProcess> InfluxDb()
    {
        var server = new ServerProcess("ping", self => ("influxd", ["run", "-config", self.folder.File("influx.conf", $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{Ports.Free()}"
            [meta]
            dir = "{self.Folder}/meta"
            [data]
            dir = "{self.Folder}/data"
            wal-dir = "{self.Folder}/wal"
            query-log-enabled = false
            [monitor]
            store-enabled = false
            [http]
            bind-address = "127.0.0.1:{self.Url.Port}"
            log-enabled = false
            """)]));
        await server.StartAsync();
        await server.Http.PostAsync(new Uri(server.Url, "query?q=CREATE%20DATABASE%20gpuwatch"), null);
        return server;
    }

    /// <param name="scrape">A file of scrape configurations; null = it scrapes nothing.</param>
    public static async Task<ServerProcess> VictoriaMetrics(string? scrape = null)
    {
        var server = new ServerProcess("health", self => ("victoria-metrics",
            [$"-storageDataPath={self.Folder}", $"-httpListenAddr=127.0.0.1:{self.Url.Port}", "-retentionPeriod=100y", "-search.latencyOffset=0s", "-loggerLevel=ERROR",
                .. scrape is null ? [] : new[] { $"-promscrape.config={scrape}" }]));
        await server.StartAsync();
        return server;
    }

    public static async Task<ServerProcess> Prometheus(string config)
    {
        var server = new ServerProcess("-/ready", self => ("prometheus",
            [$"--config.file={self.folder.File("prometheus.yml", config)}", $"--storage.tsdb.path={self.Folder}/data",
                $"--web.listen-address=127.0.0.1:{self.Url.Port}", "--web.enable-remote-write-receiver", "--log.level=error"]));
        await server.StartAsync();
        return server;
    }

    public static async Task<ServerProcess> Alertmanager(string config)
    {
        var server = new ServerProcess("-/ready", self => ("prometheus-alertmanager",
            [$"--config.file={self.folder.File("alertmanager.yml", config)}", $"--storage.path={self.Folder}/data",
                $"--web.listen-address=127.0.0.1:{self.Url.Port}", "--cluster.listen-address=", "--log.level=error"]));
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        var (program, arguments) = command(this);
        process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        await Eventually.HoldsAsync(IsReadyAsync, TimeSpan.FromSeconds(30), $"{program} is ready");
    }

    /// <summary>As the power goes: SIGKILL.</summary>
    public void Kill()
    {
        process!.Kill();
        process.WaitForExit();
        process.Dispose();
        process = null;
    }

    public async Task<string> GetAsync(string pathAndQuery) => await Http.GetStringAsync(new Uri(Url, pathAndQuery));

    public void Dispose()
    {
        if (process is not null)
        {
            Kill();
        }
        Http.Dispose();
        folder.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(Url, ready));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
