using System.Globalization;
using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The same trace, once replayed from its file, once played by the simulated driver and sampled live.</summary>
public sealed class LiveLikeReplayTests
{
    private const double Speed = 20;
    private const double SamplePeriodSeconds = 1;

    [Theory]
    [InlineData("leak.csv", 46.924)]
    [InlineData("neighbour.csv", 230.149)]
    public void The_same_alerts_come_in_the_same_order_within_two_sample_periods(string name, double endSeconds)
    {
        var trace = Path.Combine(AppContext.BaseDirectory, "Traces", name);
        var runs = string.Create(CultureInfo.InvariantCulture, $"{endSeconds / Speed:0.000}s");

        // At its end a recording closes what is open; the simulated driver holds its last row instead. Both are left out.
        var replayed = Alerts(Gpuwatch.Run("replay", trace, "--output", "ndjson").Out, origin: 0, until: endSeconds - 1);
        using var agent = new RunningAgent(trace, Speed, "--for", runs, "--listen", "none", "--output", "ndjson");
        var (_, output, error) = agent.End();
        var live = Alerts(output, OriginOf(error), until: endSeconds - 1);

        Assert.Contains(replayed, alert => alert.What.Contains("oom-risk critical", StringComparison.Ordinal));
        Assert.Equal(replayed.Select(alert => alert.What), live.Select(alert => alert.What));
        Assert.All(replayed.Zip(live), pair => Assert.InRange(pair.Second.At - pair.First.At, -2 * SamplePeriodSeconds, 2 * SamplePeriodSeconds));
    }

    private static List<(double At, string What)> Alerts(string ndjson, double origin, double until) =>
    [
        .. from line in ndjson.Split('\n', StringSplitOptions.RemoveEmptyEntries)
           let json = JsonDocument.Parse(line).RootElement
           let kind = json.GetProperty("event").GetString()
           where (kind is "alert" or "resolved") && json.GetProperty("t").GetDouble() - origin < until
           select (json.GetProperty("t").GetDouble() - origin,
               $"{kind} {json.GetProperty("kind").GetString()} {(kind == "alert" ? json.GetProperty("severity").GetString() : "")} {json.GetProperty("pid")}"),
    ];

    /// <summary>The agent says when the simulator's time began.</summary>
    private static double OriginOf(string error)
    {
        const string Said = "its time 0 is ";
        var from = error.IndexOf(Said, StringComparison.Ordinal) + Said.Length;
        return double.Parse(error[from..error.IndexOf(';', from)], CultureInfo.InvariantCulture);
    }
}
