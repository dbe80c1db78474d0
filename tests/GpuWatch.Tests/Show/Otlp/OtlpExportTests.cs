using GpuWatch.Core.Sample;
using GpuWatch.Options;
using GpuWatch.Show;
using GpuWatch.Show.Otlp;
using GpuWatch.Sinks;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Show.Otlp;

public sealed class OtlpExportTests
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private readonly ManualTime time = new();
    private readonly SinkCounters counters = new("otlp");
    private readonly List<string> said = [];

    [Fact]
    public async Task The_collector_gets_each_metric_with_who_it_is_about()
    {
        await using var collector = await Receiver.StartAsync();
        await using var export = Start(collector.Url, "x-key=s3cr3t");
        await time.Waited();
        Assert.Empty(collector.Posts);

        time.Advance(Period);
        await time.Waited();

        var post = Assert.Single(collector.Posts);
        Assert.Equal(("/v1/metrics", "application/x-protobuf", "s3cr3t"), (post.Path, post.Headers["Content-Type"], post.Headers["x-key"]));
        foreach (var name in (string[])[
            "hw.gpu.memory.limit", "hw.gpu.memory.usage", "hw.gpu.memory.utilization", "hw.status", "gpuwatch.gpu.memory.free",
            "gpuwatch.process.gpu.memory.usage", "gpuwatch.process.gpu.memory.peak", "gpuwatch.process.gpu.memory.predicted_peak",
            "gpuwatch.process.memory.observed", "gpuwatch.oom.probability", "gpuwatch.oom.predicted", "gpuwatch.alerts.firing",
            "GPU-aaaa", "NVIDIA A100 80GB", "process.pid", "777", "service.name", "host.name", "oom-risk", "critical"])
        {
            Assert.Contains(name, post.Text);
        }
        Assert.True(counters.Written > 10, $"{counters.Written} points");
        Assert.Empty(said);
    }

    /// <summary>Read by OpenTelemetry's own JavaScript, strictly; names and units are those of its conventions for hardware.</summary>
    [NodeFact]
    public async Task OpenTelemetrys_own_decoder_reads_every_value_under_the_names_and_units_of_its_conventions()
    {
        await using var collector = await Receiver.StartAsync();
        await using var export = Start(collector.Url);
        await time.Waited();
        time.Advance(Period);
        await time.Waited();
        var resource = Assert.Single(OtlpDecoder.Decode(Assert.Single(collector.Posts).Body));

        Assert.Equal(("gpuwatch", "node-1"), (resource.Attribute("service.name"), resource.Attribute("host.name")));
        foreach (var (name, unit) in (IEnumerable<(string, string)>)[
            ("hw.gpu.memory.limit", "By"), ("hw.gpu.memory.usage", "By"), ("hw.gpu.memory.utilization", "1"), ("hw.status", "1"),
            ("gpuwatch.process.gpu.memory.usage", "By"), ("gpuwatch.process.memory.observed", "By"), ("gpuwatch.oom.probability", "1"), ("gpuwatch.oom.predicted", "s")])
        {
            var metric = resource.Metric(name);
            Assert.Equal((unit, "gauge"), (metric.Unit, metric.Kind));
            Assert.NotEmpty(metric.Points);
        }
        Assert.All(resource.Metrics.Where(metric => metric.Name.StartsWith("hw.", StringComparison.Ordinal)).SelectMany(metric => metric.Points), point =>
        {
            Assert.StartsWith("GPU-", point.Attributes["hw.id"]);
            Assert.Equal("NVIDIA", point.Attributes["hw.vendor"]);
        });
        Assert.Equal(43.0 * (1L << 30), resource.Metric("hw.gpu.memory.usage").Points.Single(point => point.Attributes["hw.id"] == "GPU-aaaa").Value);
        Assert.Equal(13.0 * (1L << 30), resource.Metric("gpuwatch.process.memory.observed").Points.Single(point => point.Attributes["gpuwatch.component"] == "weights").Value);
        Assert.Equal(["ok", "failed"], resource.Metric("hw.status").Points.OrderBy(point => point.Attributes["hw.id"]).Select(point => point.Attributes["hw.state"]));
    }

    [Fact]
    public async Task What_is_gone_is_told_no_more()
    {
        await using var collector = await Receiver.StartAsync();
        var live = SomeState.Node(time);
        await using var export = Start(collector.Url, live: live);
        await time.Waited();
        time.Advance(Period);
        await time.Waited();
        live.Accept(new Sweep(110, [GpuOutcome.Of(0, new Fault(FaultKind.GpuLost, "GPU 0 fell off the bus."))]));

        time.Advance(Period);
        await time.Waited();

        Assert.Equal(2, collector.Posts.Count);
        Assert.DoesNotContain("gpuwatch.process.gpu.memory.usage", collector.Posts.Last().Text);
        Assert.DoesNotContain("hw.gpu.memory.usage", collector.Posts.Last().Text);
        Assert.Contains("failed", collector.Posts.Last().Text);
    }

    [Fact]
    public async Task The_end_tells_the_present_once_more()
    {
        await using var collector = await Receiver.StartAsync();
        await using (Start(collector.Url))
        {
            await time.Waited();
        }

        Assert.Contains("hw.gpu.memory.usage", Assert.Single(collector.Posts).Text);
    }

    [Fact]
    public async Task A_collector_that_is_down_is_told_once_with_its_reason_and_so_is_its_return()
    {
        await using var collector = await Receiver.StartAsync();
        collector.Status = 500;
        await using var export = Start(collector.Url);
        await time.Waited();
        for (var i = 0; i < 2; i++)
        {
            time.Advance(Period);
            await time.Waited();
        }
        Assert.Equal("otlp: HTTP 500", Assert.Single(said));
        Assert.Equal("HTTP 500", counters.Problem);
        Assert.True(counters.Dropped > 0);

        collector.Status = 200;
        time.Advance(Period);
        await time.Waited();

        Assert.Equal("otlp: delivering again", said[1]);
        Assert.Null(counters.Problem);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_told_in_words()
    {
        await using var export = Start(new Uri($"http://127.0.0.1:{Ports.Free()}"));
        await time.Waited();
        time.Advance(Period);
        await time.Waited();

        Assert.Contains("Connection refused", Assert.Single(said));
    }

    private OtlpExport Start(Uri collector, string? headers = null, LiveState? live = null) => new(
        new OtlpOptions(new Uri(collector, "/v1/metrics"), headers is null ? null : new Secret(headers), Period, TimeSpan.FromSeconds(5)),
        "node-1", live ?? SomeState.Node(time), 100, counters, said.Add, time);
}
