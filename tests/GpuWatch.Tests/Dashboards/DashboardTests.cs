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
            File.WriteAllText(file, "import type { Dashboard, Panel } from '@grafana/schema';\n"
                + string.Concat(Dashboard.All.Select((dashboard, i) =>
                    $"export const d{i}: Omit<Dashboard, 'panels'> & {{ panels: Panel[] }} = {File.ReadAllText(dashboard.Path)};\n")));
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

    [GeneratedRegex("uid: (\\S+)")]
    private static partial Regex Uid();

    [GeneratedRegex("\"uid\": \"(gpuwatch-(?:influxql|promql))\"")]
    private static partial Regex DataSource();

    [GeneratedRegex("gpuwatch_[a-z0-9_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("# TYPE (\\S+)")]
    private static partial Regex Family();
}
