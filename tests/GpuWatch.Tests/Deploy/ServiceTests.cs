using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Deploy;

public sealed class ServiceTests
{
    [ToolFact("systemd-analyze")]
    public void The_unit_is_one_that_systemd_takes_without_a_word()
    {
        using var folder = new TemporaryFolder();
        var unit = folder.File("gpuwatch.service", Unit.Replace("/usr/bin/gpuwatch", "/bin/true", StringComparison.Ordinal));
        var (code, output) = Tool.Run("systemd-analyze", ["verify", "--man=no", unit]);

        Assert.True(code == 0, output);
        Assert.DoesNotContain("gpuwatch.service", output);
    }

    /// <summary>systemd's own score of how exposed a service is: 0 the best, 10 the worst; below 5 it calls it OK.</summary>
    [ToolFact("systemd-analyze")]
    public void The_unit_is_as_little_exposed_as_a_watcher_of_GPUs_can_be()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = Tool.Run("systemd-analyze", ["security", "--offline=yes", "--threshold=30", "--no-pager", folder.File("gpuwatch.service", Unit)]);

        Assert.True(code == 0, output);
        Assert.Contains("Overall exposure level for gpuwatch.service:", output);
    }

    [Fact]
    public void The_GPUs_can_be_reached_and_little_else()
    {
        Assert.Contains("DeviceAllow=char-nvidia rw", Unit);
        Assert.DoesNotContain("\nPrivateDevices=yes", Unit);
        Assert.Contains("DynamicUser=yes", Unit);
        Assert.Contains("Type=notify", Unit);
    }

    private static string Unit => File.ReadAllText(Repository.PathOf("deploy", "gpuwatch.service"));
}
