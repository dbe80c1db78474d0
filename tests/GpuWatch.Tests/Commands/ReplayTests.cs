using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class ReplayTests : IDisposable
{
    private const string Trace =
        "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n"
        + "0,0,7,20,60,100,,\n0,1,8,20,60,100,,\n1,0,7,20,60,100,,\n2,1,8,20,60,100,,\n";

    private readonly TemporaryFolder folder = new();

    [SharedDataFact]
    public void A_recording_cut_at_60_percent_gives_the_same_events_up_to_the_cut() => Assert.All(Recordings(), recording =>
    {
        var lines = File.ReadAllLines(recording);
        var cut = folder.File("cut.csv", string.Join('\n', lines.Take(lines.Length * 6 / 10)));

        var whole = Events(recording);
        var part = Events(cut);

        var until = part[^1].Time;
        Assert.NotEmpty(part);
        Assert.Equal(whole.Where(happened => happened.Time < until), part.Where(happened => happened.Time < until));
        var atTheCut = whole.Where(happened => happened.Time == until).ToList();
        Assert.Equal(atTheCut, part.Where(happened => happened.Time == until).Take(atTheCut.Count));
    });

    [SharedDataFact]
    public void Two_replays_print_the_same_bytes_in_order_of_time() => Assert.All(Recordings(), recording =>
    {
        var first = Gpuwatch.Run("replay", recording, "--output", "ndjson");
        var second = Gpuwatch.Run("replay", recording, "--output", "ndjson");

        Assert.Equal(first, second);
        Assert.Equal(0, first.Code);
        var times = Events(recording).Select(happened => happened.Time).ToList();
        Assert.Equal(times.Order(), times);
    });

    [SharedDataFact]
    public void A_table_for_people_has_a_line_for_each_event() => Assert.All(Recordings(), recording =>
    {
        var table = Gpuwatch.Run("replay", recording).Out;

        Assert.Equal(Events(recording).Count, table.Count(letter => letter == '\n'));
        Assert.DoesNotContain("NaN", table);
    });

    [SharedDataFact]
    public void Production_pods_converted_by_the_script_of_the_repository_run_clean()
    {
        var (converted, trace) = Tool.Run(Repository.PathOf("scripts", "pods-to-trace.sh"), [Path.Combine(SharedData.Folder!, "traces", "serving_pods.csv")]);
        Assert.Equal(0, converted);

        var (code, output, error) = Gpuwatch.Run("replay", folder.File("pods.csv", trace), "--output", "ndjson");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(18, output.Split("\"event\":\"reconciliation\"").Length - 1);
    }

    [Fact]
    public void Each_process_ends_with_its_reconciliation_at_the_last_time_of_the_recording()
    {
        var ends = Events(folder.File("trace.csv", Trace)).Where(happened => happened.Line.Contains("\"event\":\"reconciliation\"")).ToList();

        Assert.Equal([2, 2], ends.Select(end => end.Time));
        Assert.Contains("\"pid\":7", ends[0].Line);
        Assert.Contains("\"pid\":8", ends[1].Line);
    }

    [Fact]
    public void Forecasts_come_at_the_pace_that_was_asked_for()
    {
        var rows = string.Concat(Enumerable.Range(0, 300).Select(second => $"{second},0,7,{second},{second},1000,,\n"));
        var file = folder.File("trace.csv", Trace.Split('\n')[0] + "\n" + rows);

        var everyTen = Forecasts(Gpuwatch.Run("replay", file, "--output", "ndjson").Out);
        var everyHundred = Forecasts(Gpuwatch.Run("replay", file, "--output", "ndjson", "--forecast-every", "100").Out);

        Assert.InRange(everyTen, 28, 30);
        Assert.InRange(everyHundred, 2, 3);
    }

    [Fact]
    public void It_fails_with_3_only_when_an_alert_of_that_severity_was_raised()
    {
        var rising = string.Concat(Enumerable.Range(0, 62).Select(second => $"{second},0,,{second * 1.6e9:0},{second * 1.6e9:0},100000000000,,\n"));
        var file = folder.File("rising.csv", Trace.Split('\n')[0] + "\n" + rising);
        var calm = folder.File("calm.csv", Trace);

        Assert.Contains("\"severity\":\"critical\"", Gpuwatch.Run("replay", file, "--output", "ndjson").Out);
        Assert.Equal(0, Gpuwatch.Run("replay", file).Code);
        Assert.Equal(3, Gpuwatch.Run("replay", file, "--fail-on", "critical").Code);
        Assert.Equal(0, Gpuwatch.Run("replay", calm, "--fail-on", "critical").Code);
    }

    public void Dispose() => folder.Dispose();

    private static IEnumerable<string> Recordings() =>
        Directory.GetFiles(Path.Combine(SharedData.Folder!, "traces", "nvidia-smi"), "*.csv").Where(file => !file.EndsWith("_events.csv"))
            .Concat(Directory.GetFiles(Path.Combine(SharedData.Folder!, "jobs"), "job*.csv").Order().Take(10));

    private static List<(double Time, string Line)> Events(string recording)
    {
        var (code, output, _) = Gpuwatch.Run("replay", recording, "--output", "ndjson");
        Assert.Equal(0, code);
        return [.. output.TrimEnd('\n').Split('\n').Select(line => (JsonDocument.Parse(line).RootElement.GetProperty("t").GetDouble(), line))];
    }

    private static int Forecasts(string output) => output.Split("\"event\":\"forecast\"").Length - 1;
}
