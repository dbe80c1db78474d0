using GpuWatch.Store.Sqlite;

namespace GpuWatch.Tests.Store.Sqlite;

public sealed class StoreFileTests
{
    [Theory]
    [InlineData("/run/state", "/xdg", "/home/a", "/run/state/gpuwatch.db")]
    [InlineData("/run/state:/other", null, null, "/run/state/gpuwatch.db")]
    [InlineData(null, "/xdg", "/home/a", "/xdg/gpuwatch/gpuwatch.db")]
    [InlineData(null, "relative", "/home/a", "/home/a/.local/state/gpuwatch/gpuwatch.db")]
    [InlineData(null, null, "/home/a", "/home/a/.local/state/gpuwatch/gpuwatch.db")]
    [InlineData(null, null, null, "/var/lib/gpuwatch/gpuwatch.db")]
    public void The_store_lies_where_systemd_the_user_or_the_system_keeps_state(string? systemd, string? xdg, string? home, string expected) =>
        Assert.Equal(expected, StoreFile.DefaultPath(name => name switch
        {
            "STATE_DIRECTORY" => systemd,
            "XDG_STATE_HOME" => xdg,
            "HOME" => home,
            _ => null,
        }));
}
