using System.Diagnostics;
using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The real program on the simulated NVML. These tests take real time: they are about it.</summary>
public sealed class AgentTests
{
    private const string TwoGpus = """
        gpu 0 total=16GiB name="A"
        gpu 1 total=16GiB name="B"
        job 4242 gpu=0 start=0 name="python"
          at 0 1GiB
        job 4243 gpu=1 start=0 name="python"
          at 0 1GiB

        """;

    [Fact]
    public void Prints_events_for_as_long_as_it_is_told_and_ends_with_0()
    {
        using var folder = new TemporaryFolder();
        using var agent = new RunningAgent(folder.File("scene.scn", TwoGpus), 1, "--for", "4s", "--listen", "none", "--output", "ndjson");

        var (code, output, error) = agent.End();

        Assert.Equal(0, code);
        var events = output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["phase", "phase"], events.Where(e => e.GetProperty("event").GetString() == "phase").Take(2).Select(e => e.GetProperty("event").GetString()));
        Assert.Equal(2, events.Count(e => e.GetProperty("event").GetString() == "reconciliation"));
        Assert.All(error.TrimEnd('\n').Split('\n'), line => Assert.StartsWith("gpuwatch: ", line));
    }

    /// <summary>AgentEndTests keeps the second, in virtual time; here a process must be scheduled and its pipes read.</summary>
    private const double OnALoadedMachine = 10;

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(1)]
    public void Ctrl_C_a_service_manager_and_a_closed_terminal_end_it_at_once_with_130_and_its_accounts_closed(int signal)
    {
        using var folder = new TemporaryFolder();
        using var agent = new RunningAgent(folder.File("scene.scn", TwoGpus), 1, "--listen", "127.0.0.1:0", "--output", "ndjson");
        Assert.Contains("\"phase\"", agent.ReadLine());

        var (took, code, output) = EndBy(agent, signal);

        Assert.Equal(130, code);
        Assert.InRange(took.TotalSeconds, 0, OnALoadedMachine);
        Assert.Contains("\"reconciliation\"", output);
    }

    [Fact]
    public void An_address_that_is_taken_ends_it_with_what_it_has_seen_told()
    {
        using var folder = new TemporaryFolder();
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        using var agent = new RunningAgent(folder.File("scene.scn", TwoGpus), 1, "--listen", taken.LocalEndpoint.ToString()!, "--output", "ndjson");

        var (code, output, error) = agent.End();

        Assert.Equal(1, code);
        Assert.Contains("address already in use", error);
        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => JsonDocument.Parse(line).Dispose());
        Assert.True(output.Length == 0 || output.Contains("\"reconciliation\"", StringComparison.Ordinal), output);
    }

    private static (TimeSpan Took, int Code, string Output) EndBy(RunningAgent agent, int signal)
    {
        var watch = Stopwatch.StartNew();
        agent.Signal(signal);
        var (code, output, _) = agent.End();
        return (watch.Elapsed, code, output);
    }
}
