using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class CommandLineTests
{
    [Fact]
    public void An_unknown_command_is_one_line_on_stderr_and_exit_code_2()
    {
        var (code, output, error) = Gpuwatch.Run("no-such-command");

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("gpuwatch: ", error);
    }
}
