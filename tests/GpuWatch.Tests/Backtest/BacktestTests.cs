using System.Globalization;
using System.Text.Json;
using GpuWatch.Backtest;
using GpuWatch.Core.Forecast;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Backtest;

public sealed class BacktestTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpuwatch-backtest").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void It_counts_catches_leads_and_false_alarms_of_every_rule()
    {
        Record("dies", "leak", oomAt: 99, from: 1, to: 15.9);
        Record("lives", "healthy", oomAt: null, from: 14.8, to: 14.8);
        var (code, output, _) = Gpuwatch.Run("backtest", folder, "--output", "json");
        Assert.Equal(0, code);
        var rules = JsonDocument.Parse(output).RootElement.GetProperty("rules").EnumerateArray().ToDictionary(rule => rule.GetProperty("rule").GetString()!);
        Assert.Equal((1, 1, 1, 1), Counts(rules["threshold 90%"]));
        Assert.Equal((1, 1, 0, 1), Counts(rules["threshold 95%"]));
        Assert.InRange(rules["threshold 95%"].GetProperty("median_lead_s").GetDouble(), 4, 6);
        Assert.Equal((1, 1, 0, 1), Counts(rules["predict_linear 15s->60s"]));
    }

    [Fact]
    public void A_page_of_plots_shows_each_job_and_escapes_its_name()
    {
        Record("a&b", "leak", oomAt: 99, from: 1, to: 15.9);
        var page = Path.Combine(folder, "page.html");
        Assert.Equal(0, Gpuwatch.Run("backtest", folder, "--html", page).Code);
        var html = File.ReadAllText(page);
        Assert.Contains("a&amp;b · leak", html, StringComparison.Ordinal);
        Assert.Contains("<polyline class=\"used\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Jobs_in_folders_below_count_too_and_are_shown_by_folder()
    {
        Record("dies", "leak", oomAt: 99, from: 1, to: 15.9);
        Record("small/dies-small", "leak", oomAt: 99, from: 1, to: 15.9);
        var output = Gpuwatch.Run("backtest", folder).Out.Split('\n');
        Assert.Contains(output, line => line.StartsWith("leak ", StringComparison.Ordinal) && line.Contains(" 2     2", StringComparison.Ordinal));
        Assert.Contains(output, line => line.StartsWith("small ", StringComparison.Ordinal) && line.Contains(" 1     1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cause_that_cannot_be_known_is_neither_right_nor_wrong()
    {
        Record("dies", "leak", oomAt: 99, from: 1, to: 15.9);
        var job = RecordedJob.InFolder(folder).Single();
        Assert.Null(job.Truth.Cause);
        Assert.Equal(new Share(0, 0), FineMeasures.Of([new Outcome(job, [50], [])]).CauseRight);
    }

    [Fact]
    public void Constants_are_fitted_saved_judged_and_cross_validated()
    {
        foreach (var name in (string[])["a", "b", "c"])
        {
            Record(name, "leak", oomAt: 99, from: 1, to: 15.9);
        }
        var file = Path.Combine(folder, "constants.json");
        Assert.Equal(0, Gpuwatch.Run("backtest", folder, "--fit", file).Code);
        var (code, output, _) = Gpuwatch.Run("backtest", folder, "--constants", file, "--folds", "3");
        Assert.Equal(0, code);
        Assert.Contains("gpuwatch, cross-validated", output, StringComparison.Ordinal);
        File.WriteAllText(file, "{\"wall_s\": -1}");
        Assert.Equal(2, Gpuwatch.Run("backtest", folder, "--constants", file).Code);
        Assert.Equal(2, Gpuwatch.Run("backtest", folder, "--constants", folder).Code);
    }

    [Theory]
    [InlineData("nowhere", "there is no such folder")]
    [InlineData("", "it holds no *.truth.json")]
    public void A_folder_without_jobs_is_bad_input(string below, string problem)
    {
        var (code, _, error) = Gpuwatch.Run("backtest", Path.Combine(folder, below));
        Assert.Equal(2, code);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_perfect_forecast_has_skill_one_and_the_base_rate_has_none()
    {
        Record("dies", "leak", oomAt: 99, from: 1, to: 15.9);
        var job = RecordedJob.InFolder(folder).Single();
        Outcome Saying(params (double Time, double P)[] said) =>
            new(job, [], [.. said.Select(one => new ForecastMade(one.Time, 0, 1, one.P, one.P, default))]);
        Assert.Equal(1, Calibration.Of([Saying((10, 0), (50, 1))], 60, made => made.OomWithin60s).Skill, 6);
        Assert.Equal(0, Calibration.Of([Saying((10, 0.5), (50, 0.5))], 60, made => made.OomWithin60s).Skill, 6);
    }

    [Fact]
    public void The_line_through_a_window_forgets_what_has_left_it()
    {
        var window = new Window(10);
        for (var t = 0; t <= 100; t++)
        {
            window.Add(t, t < 50 ? 1000 : 3 * t);
        }
        var line = window.Line()!.Value;
        Assert.Equal(3, line.Slope, 6);
        Assert.Equal(1, line.R2, 6);
        Assert.Equal(10, window.SpanSeconds);
    }

    private static (int, int, int, int) Counts(JsonElement rule)
    {
        var (caught, wrong) = (rule.GetProperty("caught_2s"), rule.GetProperty("false_alarms"));
        return (caught.GetProperty("count").GetInt32(), caught.GetProperty("of").GetInt32(), wrong.GetProperty("count").GetInt32(), wrong.GetProperty("of").GetInt32());
    }

    private void Record(string name, string scenario, double? oomAt, double from, double to)
    {
        var rows = Enumerable.Range(0, 100).Select(t =>
        {
            var used = (long)((from + (to - from) * t / 99) * (1L << 30));
            return string.Create(CultureInfo.InvariantCulture, $"{t},0,7,{used},{used},{16L << 30},,");
        });
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, name))!);
        File.WriteAllLines(Path.Combine(folder, name + ".csv"), rows.Prepend("time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes"));
        var end = oomAt?.ToString(CultureInfo.InvariantCulture) ?? "null";
        File.WriteAllText(
            Path.Combine(folder, name + ".truth.json"),
            $$"""{"scenario": "{{scenario}}", "oom_at": {{end}}, "cause": null, "leak": false, "blowup": false, "duration_s": 99}""");
    }
}
