using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The whole agent, as a process, telling an OpenTelemetry collector, or not.</summary>
public sealed class AgentToCollectorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [NodeFact]
    public async Task The_simulated_node_arrives_at_a_collector()
    {
        await using var collector = await Receiver.StartAsync();
        using var agent = Start($"otlp: {{ endpoint: '{collector.Url}', period: 1s }}\nagent: {{ host: node-17 }}");

        await Eventually.HoldsAsync(
            () => collector.Posts.Any(post => post.Path == "/v1/metrics" && post.Text.Contains("gpuwatch.process.gpu.memory.usage", StringComparison.Ordinal)),
            30, () => "metrics arrived: " + string.Join("; ", agent.Errors));

        Assert.Contains("OpenTelemetry", Loaded(agent));
        var resource = Assert.Single(OtlpDecoder.Decode(collector.Posts.First(post => post.Text.Contains("gpuwatch.process.gpu.memory.usage", StringComparison.Ordinal)).Body));
        Assert.Equal("node-17", resource.Attribute("host.name"));
        Assert.All(resource.Metric("gpuwatch.process.gpu.memory.usage").Points, point => Assert.True(point.Value > 0 && int.Parse(point.Attributes["process.pid"], System.Globalization.CultureInfo.InvariantCulture) > 0));
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
