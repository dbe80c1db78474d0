using System.Reactive.Concurrency;
using GpuWatch.Commands;
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

    [Fact]
    public void A_fault_of_our_own_is_one_line_and_exit_code_1()
    {
        var output = new StringWriter();
        var error = new StringWriter { NewLine = "\n" };
        var code = CommandLine.Run(["presets"], new Surroundings(
            new Broken(), error, false, _ => null, TimeProvider.System, Scheduler.Default, CancellationToken.None));

        Assert.Equal(1, code);
        Assert.Empty(output.ToString());
        Assert.Equal("gpuwatch: a fault of gpuwatch itself: it broke (GPUWATCH_DEBUG=1 shows where)\n", error.ToString());
    }

    private sealed class Broken : StringWriter
    {
        public override void Write(char value) => throw new InvalidOperationException("it broke");
        public override void Write(string? value) => throw new InvalidOperationException("it broke");
        public override void Write(char[] buffer, int index, int count) => throw new InvalidOperationException("it broke");
    }
}
