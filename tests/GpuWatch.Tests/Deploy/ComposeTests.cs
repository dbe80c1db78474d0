using System.Text.RegularExpressions;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Deploy;

public sealed partial class ComposeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [ToolTheory("docker-compose")]
    [InlineData]
    [InlineData("victoria-metrics")]
    [InlineData("prometheus")]
    public void The_compose_file_is_valid_with_each_profile(params string[] profiles)
    {
        var (code, output) = Tool.Run("docker-compose", ["-f", "docker-compose.yml", .. profiles.SelectMany(profile => new[] { "--profile", profile }), "config", "-q"]);

        Assert.True(code == 0, output);
        Assert.Equal("", output);
    }

    /// <summary>The agent's settings in compose, and those in Kubernetes, are ones that the agent takes.</summary>
    [Theory]
    [InlineData("deploy/compose/gpuwatch.yaml")]
    [InlineData("deploy/kubernetes/gpuwatch.yaml")]
    public void The_agents_settings_are_ones_it_takes(string path)
    {
        var text = File.ReadAllText(Repository.PathOf(path));
        var settings = path.Contains("kubernetes", StringComparison.Ordinal)
            ? string.Join('\n', text.Split("gpuwatch.yaml: |\n")[1].Split("---")[0].Split('\n').Select(line => line.Length > 4 ? line[4..] : line))
            : text;
        var named = Secret().Matches(settings).Select(match => match.Value).ToList();
        Assert.Equal(2, named.Count);
        foreach (var file in named)
        {
            settings = settings.Replace(file, folder.File(Path.GetFileName(file), "s3cr3t"), StringComparison.Ordinal);
        }
        var (code, output, error) = Gpuwatch.Run("config", "show", "--config", folder.File("g.yaml", settings));

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("http.listen = 0.0.0.0:9838", output);
        Assert.DoesNotContain("s3cr3t\n", output);
    }

    [NodeFact]
    public void The_Kubernetes_manifest_is_of_the_types_that_are_published()
    {
        var (code, manifests) = Tool.Run("node", ["tests/node/kubernetes.mjs"], input: Manifest);
        Assert.True(code == 0, manifests);
        // Beside the packages, for the compiler looks for them upwards from the file.
        var file = Repository.PathOf("tests", "node", $"manifests-{Environment.ProcessId}.ts");
        try
        {
            File.WriteAllText(file, manifests);
            (code, var output) = Tool.Run("node", ["node_modules/typescript/bin/tsc", "--strict", "--noEmit", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler", file],
                Repository.PathOf("tests", "node"));
            Assert.True(code == 0, output);
            Assert.Contains("manifest1: K1", manifests);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>As the image makes its user and starts its program.</summary>
    [Fact]
    public void The_Kubernetes_manifest_runs_the_image_as_it_is_made()
    {
        var image = File.ReadAllText(Repository.PathOf("Dockerfile"));
        Assert.Contains("--uid 9838", image);
        Assert.Contains("runAsUser: 9838", Manifest);
        Assert.Contains("HEALTHCHECK", image);
        Assert.Contains("[\"/opt/gpuwatch/gpuwatch\", \"healthcheck\"]", image);
        Assert.Contains("command: [/opt/gpuwatch/gpuwatch, healthcheck]", Manifest);
        Assert.Contains("mountPath: /var/lib/gpuwatch", Manifest);
    }

    [ToolFact("docker-compose")]
    public void The_compose_file_is_valid_with_every_profile()
    {
        var (code, output) = Tool.Run("docker-compose",
            ["-f", "docker-compose.yml", "--profile", "victoria-metrics", "--profile", "prometheus", "config"]);

        Assert.True(code == 0, output);
        Assert.Contains("alertmanager:", output);
        Assert.Contains("victoria-metrics:", output);
    }

    [Fact]
    public void Every_file_that_the_compose_file_mounts_is_in_the_repository_or_made_by_the_secrets_script()
    {
        var text = File.ReadAllText(Repository.PathOf("docker-compose.yml"));
        var script = File.ReadAllText(Repository.PathOf("deploy", "compose", "secrets.sh"));
        var mounted = text.Split([' ', '"', '\n', '{', '}', ':', ',']).Where(word => word.StartsWith("./", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(mounted);
        foreach (var path in mounted.Where(path => !path.EndsWith("secrets.sh", StringComparison.Ordinal)))
        {
            Assert.True(
                path.StartsWith("./deploy/secrets/", StringComparison.Ordinal)
                    ? script.Contains(Path.GetFileName(path), StringComparison.Ordinal)
                    : Path.Exists(Repository.PathOf(path)),
                path);
        }
    }

    private static string Manifest => File.ReadAllText(Repository.PathOf("deploy", "kubernetes", "gpuwatch.yaml"));

    [GeneratedRegex(@"/run/secrets/\S+")]
    private static partial Regex Secret();
}
