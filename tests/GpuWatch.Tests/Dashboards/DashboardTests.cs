using System.Text.Json;
using System.Text.RegularExpressions;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Dashboards;

public sealed partial class DashboardTests
{
    [Fact]
    public void Each_dashboard_has_both_languages_and_a_uid_of_its_own()
    {
        Assert.Equal(Dashboard.Of("influxql").Select(Name), Dashboard.Of("promql").Select(Name));
        Assert.Equal(["calibration.json", "fleet.json", "job.json", "node.json"], Dashboard.Of("promql").Select(Name));
        Assert.Equal(Dashboard.All.Count, Dashboard.All.Select(dashboard => dashboard.Json.GetProperty("uid").GetString()).Distinct().Count());

        static string Name(Dashboard dashboard) => Path.GetFileName(dashboard.Path);
    }

    [Fact]
    public void Panels_do_not_overlap_and_ids_and_refs_are_unique() => Assert.All(Dashboard.All, dashboard =>
    {
        var cells = dashboard.Panels.SelectMany(panel => Cells(panel.GetProperty("gridPos"))).ToList();
        Assert.Equal(cells.Count, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.X, 0, 23));
        Assert.Equal(dashboard.Panels.Count(), dashboard.Panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(dashboard.Panels, panel => Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray()));
    });

    [Fact]
    public void Every_variable_that_a_query_or_another_variable_names_is_one_of_the_dashboard() => Assert.All(Dashboard.All, dashboard =>
    {
        var asked = dashboard.Panels.SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetRawText()).Concat(dashboard.Variables.Select(variable => variable.GetRawText()));
        var named = asked.SelectMany(text => Variable().Matches(text).Select(match => match.Groups[1].Value)).Except(["timeFilter", "tag_host", "tag_gpu", "tag_pid", "tag_name", "tag_kind", "tag_component"]);
        Assert.Empty(named.Except(dashboard.Variables.Select(variable => variable.GetProperty("name").GetString()!)));
    });

    [Fact]
    public void Every_link_leads_to_a_dashboard_of_the_same_language_with_variables_it_has_and_labels_the_query_gives()
    {
        var links = (from dashboard in Dashboard.All
                     from panel in dashboard.Panels
                     let defaults = panel.GetProperty("fieldConfig").GetProperty("defaults")
                     where defaults.TryGetProperty("links", out _)
                     from link in defaults.GetProperty("links").EnumerateArray()
                     select (dashboard, panel, Url: link.GetProperty("url").GetString()!)).ToList();

        Assert.InRange(links.Count, 8, 100);
        Assert.All(links, link =>
        {
            var target = Assert.Single(Dashboard.All, other => link.Url.StartsWith($"/d/{other.Json.GetProperty("uid").GetString()}?", StringComparison.Ordinal));
            Assert.Equal(Path.GetDirectoryName(link.dashboard.Path), Path.GetDirectoryName(target.Path));
            var passed = Passed().Matches(link.Url).Select(match => (Variable: match.Groups[1].Value, Label: match.Groups[2].Value)).ToList();
            Assert.NotEmpty(passed);
            Assert.Empty(passed.Select(each => each.Variable).Except(target.Variables.Select(variable => variable.GetProperty("name").GetString()!)));
            Assert.All(link.panel.GetProperty("targets").EnumerateArray(), query => Assert.All(passed, each => Assert.True(
                query.TryGetProperty("expr", out var expr)
                    ? !expr.GetString()!.Contains(" by (", StringComparison.Ordinal) || expr.GetString()!.Contains(each.Label, StringComparison.Ordinal)
                    : query.GetProperty("query").GetString()!.Split("GROUP BY")[^1].Contains($"\"{each.Label}\"", StringComparison.Ordinal),
                $"{each.Label} in {query}")));
        });
    }

    /// <summary>What an empty panel would otherwise say is "No data", which is no answer to "is all well?".</summary>
    [Fact]
    public void A_table_asks_for_tables_and_a_number_that_may_be_missing_says_what_that_means() => Assert.All(Dashboard.All.SelectMany(dashboard => dashboard.Panels), panel =>
    {
        var kind = panel.GetProperty("type").GetString();
        if (kind is "table" or "barchart")
        {
            Assert.All(panel.GetProperty("targets").EnumerateArray(), target =>
                Assert.Equal("table", (target.TryGetProperty("resultFormat", out var format) ? format : target.GetProperty("format")).GetString()));
        }
        if (kind is "stat" && !panel.GetProperty("targets").EnumerateArray().All(target => target.GetRawText().Contains("vector(0)", StringComparison.Ordinal)))
        {
            Assert.NotEmpty(panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("noValue").GetString()!);
        }
        Assert.NotEmpty(panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString()!);
    });

    [Fact]
    public void Every_data_source_named_is_a_provisioned_one()
    {
        var provisioned = Uid().Matches(File.ReadAllText(Repository.PathOf("dashboards", "grafana", "provisioning", "datasources", "gpuwatch.yml"))).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.Equal(2, provisioned.Count);
        Assert.All(Dashboard.All, dashboard =>
        {
            var named = DataSource().Matches(File.ReadAllText(dashboard.Path)).Select(match => match.Groups[1].Value).Distinct();
            Assert.Contains(Assert.Single(named), provisioned);
        });
    }

    [Fact]
    public void Every_metric_named_by_a_dashboard_or_a_rule_is_on_the_metrics_page()
    {
        var page = File.ReadAllText(Repository.PathOf("tests", "GpuWatch.Tests", "Golden", "metrics.txt"));
        var known = Family().Matches(page).Select(match => match.Groups[1].Value).ToHashSet();
        var named = Dashboard.Of("promql").Select(dashboard => dashboard.Path)
            .Append(Repository.PathOf("dashboards", "alerts", "gpuwatch.yml"))
            .SelectMany(path => Metric().Matches(File.ReadAllText(path)).Select(match => match.Value))
            .ToHashSet();

        Assert.InRange(named.Count, 15, 100);
        Assert.Empty(named.Except(known));
    }

    [ToolFact("python3")]
    public void The_committed_JSON_is_what_the_generator_writes()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Repository.PathOf("dashboards", "grafana", "generate.py"), folder.File("generate.py"));
        var (code, output) = Tool.Run("python3", [folder.File("generate.py")]);

        Assert.True(code == 0, output);
        Assert.All(Dashboard.All, dashboard => Assert.Equal(
            File.ReadAllText(folder.File(Path.GetRelativePath(Repository.PathOf("dashboards", "grafana"), dashboard.Path))), File.ReadAllText(dashboard.Path)));
    }

    [NodeFact]
    public void The_JSON_is_of_the_types_that_Grafana_publishes()
    {
        // Beside the packages, for the compiler looks for them upwards from the file.
        var file = Repository.PathOf("tests", "node", $"check-{Environment.ProcessId}.ts");
        try
        {
            // Its enumerations as the words they stand for, which is what JSON holds.
            File.WriteAllText(file, "import type { Dashboard, Panel } from '@grafana/schema';\n"
                + "type Json<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T : { [K in keyof T]: Json<T[K]> };\n"
                + string.Concat(Dashboard.All.Select((dashboard, i) =>
                    $"export const d{i}: Json<Omit<Dashboard, 'panels'> & {{ panels: Panel[] }}> = {File.ReadAllText(dashboard.Path)};\n")));
            var (code, output) = Tool.Run("node", ["node_modules/typescript/bin/tsc", "--strict", "--noEmit", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler", file],
                Repository.PathOf("tests", "node"));

            Assert.True(code == 0, output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [ToolFact("promtool")]
    public void The_alert_rules_do_in_each_scenario_what_they_should()
    {
        var (code, output) = Tool.Run("promtool", ["test", "rules", "gpuwatch.test.yml"], Repository.PathOf("dashboards", "alerts"));
        Assert.True(code == 0, output);
        Assert.Equal(0, Tool.Run("promtool", ["check", "rules", "gpuwatch.yml"], Repository.PathOf("dashboards", "alerts")).Code);
    }

    [ToolFact("promtool", "amtool")]
    public void The_configurations_for_compose_are_valid()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("token"), "x");
        var prometheus = File.ReadAllText(Repository.PathOf("deploy", "compose", "prometheus.yml"))
            .Replace("/run/secrets/web_token", folder.File("token"), StringComparison.Ordinal)
            .Replace("/etc/prometheus/alerts", Repository.PathOf("dashboards", "alerts"), StringComparison.Ordinal);
        var (code, output) = Tool.Run("promtool", ["check", "config", folder.File("prometheus.yml", prometheus)]);
        Assert.True(code == 0, output);
        Assert.Equal(0, Tool.Run("amtool", ["check-config", Repository.PathOf("deploy", "compose", "alertmanager.yml")]).Code);
    }

    private static IEnumerable<(int X, int Y)> Cells(JsonElement grid) =>
        from x in Enumerable.Range(grid.GetProperty("x").GetInt32(), grid.GetProperty("w").GetInt32())
        from y in Enumerable.Range(grid.GetProperty("y").GetInt32(), grid.GetProperty("h").GetInt32())
        select (x, y);

    [GeneratedRegex("\\$(?!__)\\{?([a-z_]+[A-Za-z_]*)")]
    private static partial Regex Variable();

    [GeneratedRegex("var-([a-z]+)=\\$\\{__field\\.labels\\.([a-z]+)\\}")]
    private static partial Regex Passed();

    [GeneratedRegex("uid: (\\S+)")]
    private static partial Regex Uid();

    [GeneratedRegex("\"uid\": \"(gpuwatch-(?:influxql|promql))\"")]
    private static partial Regex DataSource();

    [GeneratedRegex("gpuwatch_[a-z0-9_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("# TYPE (\\S+)")]
    private static partial Regex Family();
}
