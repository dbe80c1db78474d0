using System.Net;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Show.Http;
using GpuWatch.Tests.Show;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

/// <summary>Against the agent's real HTTP server, with its settings in a file as a container has them.</summary>
public sealed class HealthCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_agent_on_loopback_is_asked_by_what_the_settings_say()
    {
        await using var server = await Start(IPAddress.Loopback, null, SomeState.Node(new ManualTime()));
        var (code, output, error) = Gpuwatch.RunTimeless("healthcheck", "--listen", new Uri(server.Address).Authority, "--config", folder.File("g.yaml", ""));

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("\"status\":\"ok\"", output);
    }

    [Fact]
    public async Task An_agent_that_wants_a_token_is_asked_with_it_and_the_token_is_not_shown()
    {
        await using var server = await Start(IPAddress.Any, "s3cr3t", SomeState.Node(new ManualTime()));
        var file = folder.File("g.yaml", $"http: {{ listen: '0.0.0.0:{new Uri(server.Address).Port}', token_file: '{folder.File("token", "s3cr3t\n")}' }}\n");
        var (code, output, error) = Gpuwatch.RunTimeless("healthcheck", "--config", file);
        Assert.Equal((0, ""), (code, error));

        folder.File("token", "wrong\n");
        (code, output, error) = Gpuwatch.RunTimeless("healthcheck", "--config", file);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("answers HTTP 401", error);
        Assert.DoesNotContain("wrong", error);
    }

    [Fact]
    public async Task An_agent_whose_sampling_stands_still_is_not_well()
    {
        await using var server = await Start(IPAddress.Loopback, null, new LiveState(ProcessDirectory.Empty(TimeProvider.System), TimeProvider.System));
        var (code, _, error) = Gpuwatch.RunTimeless("healthcheck", "--listen", new Uri(server.Address).Authority, "--config", folder.File("g.yaml", ""));

        Assert.Equal(1, code);
        Assert.Matches("answers HTTP 503 .*\"status\":\"stale\"", error);
    }

    [Fact]
    public void Nobody_there_is_not_well_and_no_address_is_a_mistake()
    {
        var (code, _, error) = Gpuwatch.RunTimeless("healthcheck", "--listen", $"127.0.0.1:{Ports.Free()}", "--config", folder.File("g.yaml", ""));
        Assert.Equal(1, code);
        Assert.Contains("cannot be asked: Connection refused", error);

        Assert.Equal(2, Gpuwatch.RunTimeless("healthcheck", "--config", folder.File("none.yaml", "http: { listen: none }\n")).Code);
    }

    private static Task<HttpServer> Start(IPAddress address, string? token, LiveState live)
    {
        var metrics = new Metrics(live, new SelfMetrics(TimeProvider.System), "1", "c", 100);
        var options = new HttpOptions { Listen = new IPEndPoint(address, 0), Token = token is null ? null : new Secret(token) };
        return HttpServer.StartAsync(options, new Routes(live, metrics, [], new EventFeed(1), TimeSpan.FromSeconds(1), TimeProvider.System, past: null), CancellationToken.None);
    }
}
