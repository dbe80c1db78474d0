using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The whole agent, as a process, telling an OpenTelemetry collector, or not.</summary>
public sealed class AgentToCollectorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [LinuxFact]
    public async Task The_simulated_node_arrives_at_a_collector()
    {
        await using var collector = await Receiver.StartAsync();
        using var agent = Start($"otlp: {{ endpoint: '{collector.Url}', period: 1s }}");

        await Eventually.HoldsAsync(
            () => collector.Posts.Any(post => post.Path == "/v1/metrics" && post.Text.Contains("gpuwatch.process.gpu.memory.usage", StringComparison.Ordinal)),
            30, () => "metrics arrived: " + string.Join("; ", agent.Errors));

        Assert.Contains("OpenTelemetry", Loaded(agent));
        Assert.Equal(130, agent.Stop());
    }

    [LinuxFact]
    public async Task Without_an_endpoint_nothing_of_OpenTelemetry_is_loaded()
    {
        using var agent = Start("sampling: { period: 100ms }");
        await Eventually.HoldsAsync(() => agent.Output.Count > 0, 30, () => "it watches: " + string.Join("; ", agent.Errors));

        Assert.DoesNotContain("OpenTelemetry", Loaded(agent));
        Assert.Contains("System.Reactive", Loaded(agent));
        Assert.Equal(130, agent.Stop());
    }

    private static string Loaded(RunningAgent agent) => File.ReadAllText($"/proc/{agent.Pid}/maps");

    private RunningAgent Start(string settings) =>
        RunningAgent.WithConfig(folder.File("g.yaml", settings + "\nstore: { path: none }\n"), null, "--listen", "none");
}
