using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using GpuWatch.Core.Observe;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Show.Http;
using GpuWatch.Sinks;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Show.Http;

public sealed class HttpServerTests : IAsyncLifetime
{
    private readonly LiveState live = SomeState.Node(new ManualTime());
    private readonly EventFeed feed = new(run: 77);
    private readonly SinkCounters sink = new("influxdb");
    private HttpServer server = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync() => await Start(new HttpOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0) });

    [Fact]
    public async Task Lists_gpus_with_the_account_of_their_bytes()
    {
        using var json = await Json("/api/v1/gpus");

        var gpu = json.RootElement.GetProperty("gpus")[0];
        Assert.Equal("GPU-aaaa", gpu.GetProperty("uuid").GetString());
        Assert.Equal(
            gpu.GetProperty("total_bytes").GetInt64() - gpu.GetProperty("free_bytes").GetInt64(),
            gpu.GetProperty("processes_bytes").GetInt64() + gpu.GetProperty("reserved_bytes").GetInt64() + gpu.GetProperty("unattributed_bytes").GetInt64());
    }

    [Fact]
    public async Task A_gpu_that_gives_no_data_has_a_reason_and_no_numbers()
    {
        using var json = await Json("/api/v1/gpus");

        var lost = json.RootElement.GetProperty("gpus")[1];
        Assert.Equal("gpu-lost", lost.GetProperty("fault").GetString());
        Assert.Equal(JsonValueKind.Null, lost.GetProperty("used_bytes").ValueKind);
    }

    [Fact]
    public async Task Lists_processes_with_who_they_are_and_what_is_forecast()
    {
        using var json = await Json("/api/v1/processes");

        var process = json.RootElement.GetProperty("processes")[0];
        Assert.Equal(("anna", "777", "first-step", 0.75), (
            process.GetProperty("user").GetString(), process.GetProperty("slurm_job").GetString(),
            process.GetProperty("phase").GetString(), process.GetProperty("p_oom_60s").GetDouble()));
    }

    [Fact]
    public async Task Lists_the_alerts_that_are_firing()
    {
        using var json = await Json("/api/v1/alerts");

        Assert.Equal("oom-risk", json.RootElement.GetProperty("alerts")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Gives_the_last_minutes_of_a_gpu_and_of_a_process()
    {
        using var ofGpu = await Json("/api/v1/series?gpu=0");
        using var ofProcess = await Json("/api/v1/series?gpu=0&pid=4242");

        Assert.Equal([99, 100], ofGpu.RootElement.GetProperty("points").EnumerateArray().Select(point => point[0].GetDouble()));
        Assert.Equal(42L << 30, ofProcess.RootElement.GetProperty("points")[1][1].GetInt64());
    }

    [Theory]
    [InlineData("/api/v1/series", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/series?gpu=x", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/series?gpu=0&pid=-1", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/series?gpu=9", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/series?gpu=0&pid=1", HttpStatusCode.NotFound)]
    [InlineData("/../etc/passwd", HttpStatusCode.NotFound)]
    [InlineData("/nothing", HttpStatusCode.NotFound)]
    public async Task What_cannot_be_answered_is_refused(string path, HttpStatusCode status)
    {
        using var response = await client.GetAsync(path);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Is_healthy_while_sweeps_come_and_not_before_the_first()
    {
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/healthz")).StatusCode);

        await Start(new HttpOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0) }, new LiveState(ProcessDirectory.Empty(TimeProvider.System), TimeProvider.System));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/healthz")).StatusCode);
    }

    [Fact]
    public async Task A_sink_that_does_not_deliver_shows_in_health_and_leaves_the_agent_healthy()
    {
        sink.Report("HTTP 503", _ => { });
        sink.CountDropped(7);
        using var health = await Json("/healthz");

        Assert.Equal("ok", health.RootElement.GetProperty("status").GetString());
        var shown = Assert.Single(health.RootElement.GetProperty("sinks").EnumerateArray());
        Assert.Equal(("influxdb", "HTTP 503", 7), (shown.GetProperty("sink").GetString(), shown.GetProperty("problem").GetString(), shown.GetProperty("dropped").GetInt64()));
    }

    [Fact]
    public async Task The_page_may_run_its_own_script_only_and_loads_nothing_from_elsewhere()
    {
        using var response = await client.GetAsync("/");
        var html = await response.Content.ReadAsStringAsync();

        var policy = string.Concat(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'", policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.DoesNotContain("://", html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal));
        Assert.DoesNotContain("innerHTML", html);
        Assert.DoesNotMatch(" (style|on[a-z]+)=\"", html);
    }

    [Fact]
    public async Task Writing_is_refused()
    {
        using var response = await client.PostAsync("/api/v1/gpus", new StringContent(""));

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Theory]
    [InlineData("evil.example:9838", HttpStatusCode.Forbidden)]
    [InlineData("localhost:9838", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]:9838", HttpStatusCode.OK)]
    public async Task On_loopback_only_a_local_name_is_answered(string host, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/gpus");
        request.Headers.Host = host;

        Assert.Equal(status, (await client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData(null, null, HttpStatusCode.Unauthorized)]
    [InlineData("Bearer", "s3cret", HttpStatusCode.OK)]
    [InlineData("Bearer", "s3cre", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer", "s3cretx", HttpStatusCode.Unauthorized)]
    [InlineData("Basic", "any:s3cret", HttpStatusCode.OK)]
    [InlineData("Basic", "s3cret:", HttpStatusCode.Unauthorized)]
    [InlineData("Basic", "s3cret", HttpStatusCode.Unauthorized)]
    public async Task A_token_that_was_set_is_asked_for_everywhere(string? scheme, string? credential, HttpStatusCode status)
    {
        await Start(new HttpOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Token = new Secret("s3cret") });
        if (scheme is not null)
        {
            var value = scheme == "Basic" ? Convert.ToBase64String(Encoding.UTF8.GetBytes(credential!)) : credential;
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(scheme, value);
        }

        foreach (var path in new[] { "/", "/metrics", "/healthz", "/api/v1/gpus" })
        {
            Assert.Equal(status, (await client.GetAsync(path)).StatusCode);
        }
    }

    [Fact]
    public async Task Events_are_sent_as_they_happen_with_a_number_to_come_back_with()
    {
        feed.Accept(new PhaseChanged(1, 0, 4242, JobPhase.Loading));
        using var stream = await Open("/api/v1/events");
        feed.Accept(new PhaseChanged(2, 0, 4242, JobPhase.Steady));

        Assert.Equal("retry: 2000", await stream.ReadLineAsync());
        Assert.Equal("", await stream.ReadLineAsync());
        Assert.Equal(("id: 77-1", "event: phase"), (await stream.ReadLineAsync(), await stream.ReadLineAsync()));
        Assert.Contains("\"phase\":\"loading\"", await stream.ReadLineAsync());
        Assert.Equal("", await stream.ReadLineAsync());
        Assert.Equal("id: 77-2", await stream.ReadLineAsync());
    }

    [Theory]
    [InlineData("77-2", "id: 77-3")]
    [InlineData("76-2", "id: 77-1")]
    [InlineData("nonsense", "id: 77-1")]
    public async Task A_listener_that_comes_back_gets_what_it_missed_of_this_run(string last, string first)
    {
        for (var i = 0; i < 3; i++)
        {
            feed.Accept(new PhaseChanged(i, 0, 4242, JobPhase.Loading));
        }
        client.DefaultRequestHeaders.Add("Last-Event-ID", last);
        using var stream = await Open("/api/v1/events");

        _ = (await stream.ReadLineAsync(), await stream.ReadLineAsync());

        Assert.Equal(first, await stream.ReadLineAsync());
    }

    [Fact]
    public async Task With_samples_the_present_comes_at_once()
    {
        using var stream = await Open("/api/v1/events?samples=1");
        _ = (await stream.ReadLineAsync(), await stream.ReadLineAsync());

        Assert.Equal("event: sample", await stream.ReadLineAsync());
        using var json = JsonDocument.Parse((await stream.ReadLineAsync())!["data: ".Length..]);
        Assert.Equal(2, json.RootElement.GetProperty("gpus").GetArrayLength());
    }

    [Fact]
    public async Task Too_many_listeners_are_refused_and_those_who_leave_make_room()
    {
        var listeners = Enumerable.Range(0, EventFeed.MostListeners).Select(_ => feed.Listen(0)!).ToList();
        using (var refused = await client.GetAsync("/api/v1/events"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        feed.Leave(listeners[0]);

        Assert.NotNull(feed.Listen(0));
    }

    [Fact]
    public void A_listener_that_does_not_read_costs_bounded_memory()
    {
        var sleeper = feed.Listen(0)!;
        for (var i = 0; i < 10_000; i++)
        {
            feed.Accept(new PhaseChanged(i, 0, 4242, JobPhase.Loading));
        }

        Assert.InRange(sleeper.Reader.Count, 1, 1000);
    }

    private async Task Start(HttpOptions options, LiveState? state = null)
    {
        if (server is not null)
        {
            await DisposeAsync();
        }
        var shown = state ?? live;
        var metrics = new Metrics(shown, new SelfMetrics(TimeProvider.System), "1", "c", 100);
        server = await HttpServer.StartAsync(options, new Routes(shown, metrics, [sink], feed, TimeSpan.FromSeconds(1), TimeProvider.System, past: null), CancellationToken.None);
        client = new HttpClient { BaseAddress = new Uri(server.Address) };
    }

    private async Task<JsonDocument> Json(string path) => JsonDocument.Parse(await client.GetStringAsync(path));

    private async Task<StreamReader> Open(string path) => new(await client.GetStreamAsync(path));

    public async Task DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }
}
