using System.Net;
using System.Text.Json;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Show.Http;
using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Show.Http;

/// <summary>Memory holds seconds 99 and 100, the store what was before.</summary>
public sealed class StoredSeriesTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private HttpServer server = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        var store = folder.File("gpuwatch.db");
        using (var writer = new StoreWriter(store, mostPages: 10_000))
        {
            var batch = new StoreBatch { LatestSeconds = 100 };
            for (var second = 0; second < 50; second++)
            {
                batch.Gpus.Add(new GpuPoint(second, 0, 10 + second, 100, null, null));
            }
            batch.Processes.Add(new ProcessPoint(7, 0, 4242, 5, null, null));
            batch.Processes.Add(new ProcessPoint(8, 0, 4242, null, null, null));
            batch.Processes.Add(new ProcessPoint(9, 0, 17, 3, null, null));
            batch.Rollups.Add(new RollupPoint(10, 20, 0, null, 1, 2, 3, 10));
            for (var tick = 0; tick < 12_000; tick++)
            {
                batch.Gpus.Add(new GpuPoint(tick / 200.0, 1, 7, 100, null, null));
                batch.Rollups.Add(new RollupPoint(60, 60 * tick, 2, null, 1, 2, 3, 60));
            }
            writer.Write(batch, nowSeconds: 1e12);
        }
        var live = SomeState.Node(TimeProvider.System);
        var metrics = new Metrics(live, new SelfMetrics(TimeProvider.System), "1", "c", 100);
        var options = new HttpOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0) };
        server = await HttpServer.StartAsync(
            options, new Routes(live, metrics, [], new EventFeed(1), TimeSpan.FromSeconds(1), TimeProvider.System, new StoredSeries(store).Read), CancellationToken.None);
        client = new HttpClient { BaseAddress = new Uri(server.Address) };
    }

    [Theory]
    [InlineData("gpu=0&from=10&to=13", "raw", "10:20 11:21 12:22")]
    [InlineData("gpu=0&pid=4242&from=0", "raw", "7:5")]
    [InlineData("gpu=0&pid=17&from=0", "raw", "9:3")]
    [InlineData("gpu=0&from=0&resolution=10s", "10s", "20:3")]
    [InlineData("gpu=0&resolution=1m", "1m", "")]
    [InlineData("gpu=0&from=99.5", "raw", "100:46170898432")]
    [InlineData("gpu=0&to=99.5", "raw", "99:44023414784")]
    [InlineData("gpu=1&from=0", "10s", "")]
    public async Task What_is_older_than_memory_comes_from_the_store(string query, string resolution, string points)
    {
        using var json = JsonDocument.Parse(await client.GetStringAsync("/api/v1/series?" + query));

        Assert.Equal(resolution, json.RootElement.GetProperty("resolution").GetString());
        Assert.Equal(points, string.Join(' ', json.RootElement.GetProperty("points").EnumerateArray().Select(point => $"{point[0]}:{point[1]}")));
    }

    [Theory]
    [InlineData("", "gpu: is missing; the index of a GPU is expected")]
    [InlineData("gpu=one", "gpu: 'one'; a whole number is expected")]
    [InlineData("gpu=0&pid=-1", "pid: '-1'; a whole number is expected")]
    [InlineData("gpu=0&from=yesterday", "from: 'yesterday'; a time in Unix seconds is expected")]
    [InlineData("gpu=0&from=NaN", "from: 'NaN'; a time in Unix seconds is expected")]
    [InlineData("gpu=0&from=20&to=20", "to: is not after from; a range of time is expected")]
    [InlineData("gpu=0&resolution=5s%0A", "resolution: '5s·'; one of raw, 10s, 1m is expected")]
    [InlineData("gpu=0&form=20", "form: is no parameter; one of gpu, pid, from, to, resolution is expected")]
    [InlineData("gpu=1&from=0&resolution=raw", "from: the range holds more than 11000 points of raw; a shorter range or a coarser resolution is expected")]
    [InlineData("gpu=2&from=0&resolution=1m", "from: the range holds more than 11000 points of 1m; a shorter range or a coarser resolution is expected")]
    public async Task A_question_that_makes_no_sense_is_told_in_a_sentence(string query, string sentence)
    {
        using var response = await client.GetAsync("/api/v1/series?" + query);

        Assert.Equal((HttpStatusCode.BadRequest, sentence + "\n"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Nothing_is_found_of_what_was_never_there() =>
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/v1/series?gpu=0&pid=99&from=0")).StatusCode);

    public async Task DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
        folder.Dispose();
    }
}
