using System.Text;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Sinks;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Show;

public sealed class MetricsTests
{
    private readonly SelfMetrics self = new(TimeProvider.System);
    private readonly LiveState live = SomeState.Node(TimeProvider.System);

    [Fact]
    public void Are_the_text_that_collectors_read()
    {
        var counters = new SinkCounters("sqlite") { Queued = () => 3 };
        counters.CountWritten(1200);
        counters.CountDropped(5);
        self.Sinks.Add(counters);

        GoldenFile.Matches("metrics.txt", WithoutTheMachine(Text()));
    }

    [Fact]
    public void Each_family_is_described_once_and_its_samples_follow_it()
    {
        var seen = new HashSet<string>();
        var family = "";
        foreach (var line in Text().TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                family = line.Split(' ')[2];
                Assert.True(seen.Add(family), family);
            }
            Assert.StartsWith(family, line.StartsWith('#') ? line.Split(' ')[2] : line);
        }
    }

    [Fact]
    public void A_process_that_is_gone_has_no_series_from_the_next_sweep_on()
    {
        live.Accept(new Sweep(101, [GpuOutcome.Of(SomeState.Frame(101, 42) with { Processes = [] })]));

        Assert.DoesNotContain("pid=\"4242\"", Text().Replace("gpuwatch_oom_predicted_seconds{gpu=\"0\",pid=\"4242\"}", "", StringComparison.Ordinal));
    }

    [Fact]
    public void A_gpu_that_fails_shows_no_old_memory()
    {
        live.Accept(new Sweep(101, [GpuOutcome.Of(0, new Fault(FaultKind.Timeout, "late"))]));

        Assert.DoesNotContain("gpuwatch_gpu_memory_used_bytes{", Text());
        Assert.Contains("gpuwatch_gpu_up{gpu=\"0\",uuid=\"GPU-aaaa\"} 0\n", Text());
    }

    [Fact]
    public void A_device_that_was_removed_is_shown_no_more()
    {
        Assert.Contains("gpuwatch_gpu_up{gpu=\"1\"", Text());

        live.Accept(new Sweep(101, [GpuOutcome.Of(1, new Fault(FaultKind.Removed, "destroyed"))]));

        Assert.DoesNotContain("{gpu=\"1\"", Text());
    }

    [Fact]
    public void Only_the_largest_processes_are_shown_when_there_are_too_many()
    {
        var many = Enumerable.Range(1, 500).Select(pid => new ProcessReading(pid, Bytes.FromMiB(pid)));
        live.Accept(new Sweep(101, [GpuOutcome.Of(SomeState.Frame(101, 42) with { Processes = [.. many] })]));

        var shown = Text(mostProcesses: 10).Split('\n').Where(line => line.StartsWith("gpuwatch_process_gpu_memory_used_bytes{", StringComparison.Ordinal)).ToList();

        Assert.Equal(10, shown.Count);
        Assert.Contains(shown, line => line.Contains("pid=\"500\"", StringComparison.Ordinal));
    }

    [ToolFact("promtool")]
    public void Promtool_finds_nothing_to_object_to() =>
        Assert.Equal((0, ""), Tool.Run("promtool", ["check", "metrics"], input: Text()));

    private string Text(int mostProcesses = 100)
    {
        using var output = new MemoryStream();
        new Metrics(live, self, "1.2.3", "abcdef0", mostProcesses).WriteTo(output);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static string WithoutTheMachine(string text) => string.Concat(text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.StartsWith("process_", StringComparison.Ordinal) ? line.Split(' ')[0] + " MEASURED\n" : line + "\n"));
}
