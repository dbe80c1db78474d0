using System.Text.Json;
using GpuWatch.Tests.Dashboards;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>Every query of every panel, on a real server that the agent has filled, gives rows.</summary>
[Trait("Category", "Servers")]
public sealed class DashboardQueriesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [ToolFact("influxd", "prometheus", "victoria-metrics")]
    public async Task Every_query_of_every_panel_gives_rows()
    {
        var port = Ports.Free();
        var scrape = $"""
            global: {"{"} scrape_interval: 1s {"}"}
            scrape_configs:
              - job_name: gpuwatch
                static_configs: [{"{"} targets: ['127.0.0.1:{port}'] {"}"}]
            """;
        using var influx = await ServerProcess.InfluxDb();
        using var prometheus = await ServerProcess.Prometheus(scrape);
        using var victoria = await ServerProcess.VictoriaMetrics(folder.File("scrape.yml", scrape));
        var (scene, jobs) = SomeJob.Two(folder);
        using (var agent = RunningAgent.WithConfig(
            folder.File("gpuwatch.yaml", $"influx: {"{"} url: '{influx.Url}', api: v1, flush_every: 100ms, spool: none {"}"}"),
            scene, "--job", jobs, "--listen", $"127.0.0.1:{port}", "--period", "100ms", "--for", "14s"))
        {
            await Eventually.HoldsAsync(() => agent.HasExited, 60, () => "the agent ran its time: " + string.Join("; ", agent.Errors));
        }

        var empty = new List<string>();
        foreach (var (panel, query) in Dashboard.Of("influxql").SelectMany(dashboard => dashboard.Queries("query").Concat(dashboard.VariableQueries)))
        {
            var answer = await influx.GetAsync($"query?db=gpuwatch&q={Uri.EscapeDataString(query)}");
            if (!HasValue(answer))
            {
                empty.Add($"InfluxDB, {panel}: {query} -> {answer}");
            }
        }
        await victoria.GetAsync("internal/force_flush");
        foreach (var (panel, query) in Dashboard.Of("promql").SelectMany(dashboard => dashboard.Queries("expr")))
        {
            await NoteIfEmptyAsync("Prometheus", prometheus, panel, query, empty);
            await NoteIfEmptyAsync("VictoriaMetrics", victoria, panel, query, empty);
        }
        foreach (var (name, query) in Dashboard.Of("promql").SelectMany(dashboard => dashboard.VariableQueries))
        {
            // As Grafana asks for label_values(METRIC, LABEL).
            var (metric, label) = (query["label_values(".Length..query.LastIndexOf(',')], query[(query.LastIndexOf(',') + 1)..^1].Trim());
            var answer = await prometheus.GetAsync($"api/v1/label/{label}/values?match[]={Uri.EscapeDataString(metric)}");
            if (JsonDocument.Parse(answer).RootElement.GetProperty("data").GetArrayLength() == 0)
            {
                empty.Add($"{name}: {query} -> {answer}");
            }
        }
        Assert.Empty(empty);
    }

    /// <summary>A row that holds more than its time and its tags.</summary>
    private static bool HasValue(string answer) =>
        JsonDocument.Parse(answer).RootElement.GetProperty("results")[0] is var result && result.TryGetProperty("series", out var all)
        && all.EnumerateArray().Any(series => series.GetProperty("values").EnumerateArray().Any(row => row.EnumerateArray().Skip(1).Any(value => value.ValueKind != JsonValueKind.Null)));

    /// <summary>The server's own clock: a scalar, or a vector of one.</summary>
    private static double Value(string scalar) =>
        double.Parse(JsonDocument.Parse(scalar).RootElement.GetProperty("data").GetProperty("result").ToString().Split('"')[^2], System.Globalization.CultureInfo.InvariantCulture);

    private static async Task NoteIfEmptyAsync(string name, ServerProcess server, string panel, string query, List<string> empty)
    {
        var now = Value(await server.GetAsync("api/v1/query?query=time()"));
        using var response = await server.Http.GetAsync(new Uri(server.Url, $"api/v1/query_range?query={Uri.EscapeDataString(query)}&start={now - 120:0}&end={now:0}&step=1"));
        var answer = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode || JsonDocument.Parse(answer).RootElement.GetProperty("data").GetProperty("result").GetArrayLength() == 0)
        {
            empty.Add($"{name}, {panel}: {query} -> {answer}");
        }
    }
}
