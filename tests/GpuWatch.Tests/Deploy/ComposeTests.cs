using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Deploy;

public sealed class ComposeTests
{
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
}
