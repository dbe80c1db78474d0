using GpuWatch.Core.Sample;
using GpuWatch.Options;
using GpuWatch.Sinks;
using GpuWatch.Store.Influx;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Store.Influx;

/// <summary>Against a strict stand-in of the documented protocols of 2.x and 3.x, since no such server is at hand.</summary>
public sealed class InfluxSinkTests : IDisposable
{
    private const string V2 = "/api/v2/write?org=my%20org&bucket=b%26c&precision=ms";
    private const string V3 = "/api/v3/write_lp?db=b%26c&precision=millisecond";
    private const string Token = "s3cr3t-token";
    private static readonly TimeSpan Flush = Seconds(0.02);
    private readonly TemporaryFolder folder = new();
    private readonly SinkCounters counters = new("influxdb");
    private readonly List<string> log = [];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("V1", "/write?db=b%26c&precision=ms", "Basic czNjcjN0LXRva2Vu")]
    [InlineData("V2", V2, "Token " + Token)]
    [InlineData("V3", V3, "Bearer " + Token)]
    public async Task Each_version_gets_the_request_it_documents(string api, string pathAndQuery, string authorization)
    {
        await using var stub = await InfluxStub.StartAsync(pathAndQuery, authorization);
        await using (var sink = Timeless(stub, api))
        {
            sink.Accept(Sweeps.Of(1.5, usedMiB: 1));
        }

        Assert.Empty(stub.Mistakes);
        Assert.Equal(["gpu", "gpu_process"], stub.Lines.Select(line => line.Measurement));
        Assert.Equal(1500, stub.Lines.First().Time);
        Assert.Equal((2, 0, 0), (counters.Written, counters.Rejected, counters.Dropped));
    }

    [Fact]
    public async Task What_is_refused_is_counted_and_never_sent_again()
    {
        await using var stub = await InfluxStub.StartAsync(V2, "Token " + Token);
        stub.Script.Enqueue((422, """{"message":"partial write: field type conflict dropped=1"}""", null));
        await using (var sink = Timeless(stub))
        {
            sink.Accept(Sweeps.Of(1));
        }

        Assert.Single(stub.Requests);
        Assert.Equal((1, 1), (counters.Written, counters.Rejected));
        Assert.Contains(log, said => said.Contains("field type conflict"));
    }

    [Fact]
    public async Task A_body_too_large_is_halved()
    {
        await using var stub = await InfluxStub.StartAsync(V2, "Token " + Token);
        stub.Script.Enqueue((413, "", null));
        await using (var sink = Timeless(stub))
        {
            sink.Accept(Sweeps.Of(1, processes: 9));
        }

        Assert.Equal([10, 5, 5], stub.Requests);
        Assert.Equal(10, counters.Written);
        Assert.Empty(stub.Mistakes);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Without_access_the_backlog_is_kept_and_health_says_why(int status)
    {
        await using var stub = await InfluxStub.StartAsync(V2, "Token " + Token);
        stub.Down = status;
        await using (var sink = Sink(stub))
        {
            sink.Accept(Sweeps.Of(1));
            await Eventually.HoldsAsync(() => counters.Problem is not null, 30, "the problem is told");
            Assert.Contains($"HTTP {status}", counters.Problem);
            stub.Down = null;
            await Eventually.HoldsAsync(() => counters.Written == 2, 30, "the backlog is delivered");
        }
        Assert.Null(counters.Problem);
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_after_the_time_it_names()
    {
        await using var stub = await InfluxStub.StartAsync(V2, "Token " + Token);
        stub.Script.Enqueue((429, "", "1"));
        var time = new ManualTime();
        await using var sink = Sink(stub, time);
        sink.Accept(Sweeps.Of(1));
        await time.Waited();
        time.Advance(Flush);
        // For the answer, and then until it asks again.
        await time.Waited();
        await time.Waited();
        time.Advance(Seconds(0.99));
        Assert.Single(stub.Requests);

        time.Advance(Seconds(0.01));
        await Eventually.HoldsAsync(() => counters.Written == 2, 30, "delivered");
    }

    [Fact]
    public async Task An_outage_loses_nothing_and_keeps_the_order_and_a_restart_goes_on_with_it()
    {
        await using var stub = await InfluxStub.StartAsync(V2, "Token " + Token);
        stub.Down = 503;
        await using (var first = Sink(stub))
        {
            for (var i = 0; i < 200; i++)
            {
                first.Accept(Sweeps.Of(i));
            }
            await Eventually.HoldsAsync(() => stub.Requests.Count > 2, 30, "it was tried");
        }
        Assert.Empty(stub.Lines);
        Assert.Equal(0, counters.Dropped);

        stub.Down = null;
        await using (var second = Timeless(stub))
        {
            second.Accept(Sweeps.Of(200));
        }
        var times = stub.Lines.Where(line => line.Measurement == "gpu").Select(line => line.Time);
        Assert.Equal(Enumerable.Range(0, 201).Select(i => i * 1000L), times);
        Assert.Empty(Directory.GetFiles(folder.File("spool"), "*.spool"));
    }

    [Fact]
    public async Task Nothing_that_is_said_or_kept_holds_the_token()
    {
        await using var stub = await InfluxStub.StartAsync(V2, "Token " + Token);
        stub.Down = 401;
        var options = Options(stub, "V2");
        await using (var sink = new InfluxSink(options, Names, counters, log.Add, TimeProvider.System))
        {
            sink.Accept(Sweeps.Of(1));
            await Eventually.HoldsAsync(() => counters.Problem is not null, 30, "the problem is told");
        }

        Assert.All([.. log, counters.Problem!, options.ToString()], text => Assert.DoesNotContain(Token, text));
    }

    [Fact]
    public async Task A_server_that_never_answers_does_not_hold_up_who_gives_samples()
    {
        await using var stub = await InfluxStub.StartAsync(V2, "Token " + Token);
        var (asked, released) = (new TaskCompletionSource(), new TaskCompletionSource());
        stub.OnRequest = _ =>
        {
            asked.TrySetResult();
            return released.Task;
        };
        var time = new ManualTime();
        var sink = Sink(stub, time);
        sink.Accept(Sweeps.Of(0));
        await time.Waited();
        time.Advance(Flush);
        await asked.Task;

        // Time stands still and the server does not answer: had one of them waited for either, it would do so for ever.
        for (var i = 1; i < 100_000; i++)
        {
            sink.Accept(Sweeps.Of(i));
        }
        var end = sink.DisposeAsync().AsTask();
        time.Advance(Seconds(1));
        await end.WaitAsync(Seconds(60));
        released.SetResult();
    }

    private InfluxSink Sink(InfluxStub stub, TimeProvider? time = null) => new(Options(stub, "V2"), Names, counters, log.Add, time ?? TimeProvider.System);

    /// <summary>For tests where nothing has to pass but what the server answers: however slow the machine, no patience of the sink runs out.</summary>
    private InfluxSink Timeless(InfluxStub stub, string api = "V2") => new(Options(stub, api), Names, counters, log.Add, new ManualTime());

    private InfluxOptions Options(InfluxStub stub, string api) => new()
    {
        Url = stub.Url,
        Api = Enum.Parse<InfluxApi>(api),
        Org = "my org",
        Bucket = "b&c",
        Token = new Secret(Token),
        FlushEvery = Flush,
        FirstPause = Seconds(0.02),
        LongestPause = Seconds(0.1),
        Spool = folder.File("spool"),
    };

    private static PointNames Names => new("node-1", gpu => new GpuInfo(gpu, "GPU-0", "Fake 16 GB", null, null, null), process => new(process.Pid!.Value, Name: "python"), (_, _) => null);
}
