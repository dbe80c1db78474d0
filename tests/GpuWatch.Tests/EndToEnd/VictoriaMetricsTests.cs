using System.Text.Json;
using GpuWatch.Sinks;
using GpuWatch.Store.Influx;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>Against VictoriaMetrics 1.79, which takes line protocol by the interfaces of 1.x and 2.x and answers 204 whatever it gets.</summary>
[Trait("Category", "Servers")]
public sealed class VictoriaMetricsTests
{
    [ToolTheory("victoria-metrics")]
    [InlineData("V1")]
    [InlineData("V2")]
    public async Task Sweeps_read_back_as_series_and_no_line_was_invalid(string api)
    {
        using var server = await ServerProcess.VictoriaMetrics();
        var counters = new SinkCounters("influxdb");
        var options = new InfluxOptions { Url = server.Url, Api = Enum.Parse<InfluxApi>(api), FlushEvery = Seconds(0.05) };
        var start = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 100;
        // Time stands still, so that its end waits for the server for as long as that takes.
        await using (var sink = new InfluxSink(options, new("node-1", _ => null, process => new(process.Pid!.Value, Name: "a,b c=\"d\""), (_, _) => null), counters, _ => { }, new ManualTime()))
        {
            for (var i = 0; i < 50; i++)
            {
                sink.Accept(Sweeps.Of(start + i, usedMiB: i));
            }
        }
        await server.GetAsync("internal/force_flush");
        var series = JsonDocument.Parse((await server.GetAsync("api/v1/export?match[]=gpu_process_mem_used")).Split('\n')[0]).RootElement;

        Assert.Equal(50, counters.Written - 50);
        Assert.Equal("a,b c=\"d\"", series.GetProperty("metric").GetProperty("name").GetString());
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (double)((long)i << 20)), series.GetProperty("values").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Contains("vm_rows_invalid_total{type=\"influx\"} 0", await server.GetAsync("metrics"));
    }
}
