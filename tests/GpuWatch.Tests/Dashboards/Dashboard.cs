using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Dashboards;

/// <summary>A committed dashboard and the queries of its panels.</summary>
internal sealed record Dashboard(string Path, JsonElement Json)
{
    public static IReadOnlyList<Dashboard> All { get; } =
        [.. new[] { "influxql", "promql" }
            .SelectMany(language => Directory.GetFiles(Repository.PathOf("dashboards", "grafana", language), "*.json"))
            .Order(StringComparer.Ordinal)
            .Select(path => new Dashboard(path, JsonDocument.Parse(File.ReadAllText(path)).RootElement))];

    public static IEnumerable<Dashboard> Of(string language) => All.Where(dashboard => System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(dashboard.Path)) == language);

    public IEnumerable<JsonElement> Panels => Json.GetProperty("panels").EnumerateArray();

    public IEnumerable<JsonElement> Variables => Json.GetProperty("templating").GetProperty("list").EnumerateArray();

    /// <summary>(panel's title, query) with the variables replaced as Grafana replaces "All".</summary>
    public IEnumerable<(string Panel, string Query)> Queries(string key) =>
        from panel in Panels
        from target in panel.GetProperty("targets").EnumerateArray()
        select (System.IO.Path.GetFileName(Path) + ": " + panel.GetProperty("title").GetString(), Filled(target.GetProperty(key).GetString()!));

    public IEnumerable<(string Name, string Query)> VariableQueries =>
        Variables.Select(variable => (System.IO.Path.GetFileName(Path) + ": $" + variable.GetProperty("name").GetString(), Filled(variable.GetProperty("query").GetString()!)));

    private static string Filled(string query) => query
        .Replace("$timeFilter", "time > now() - 15m", StringComparison.Ordinal)
        .Replace("$__interval", "1s", StringComparison.Ordinal)
        .Replace("$__range", "15m", StringComparison.Ordinal)
        .Replace("$gpu", ".*", StringComparison.Ordinal)
        .Replace("$host", ".*", StringComparison.Ordinal)
        .Replace("$pid", ".*", StringComparison.Ordinal);
}
