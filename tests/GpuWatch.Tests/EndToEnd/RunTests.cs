using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>`run` as a process of its own, on the simulated NVML.</summary>
public sealed class RunTests
{
    private const string OneGpu = "gpu 0 total=16GiB\njob 4242 gpu=0 start=0 name=\"python\"\n  at 0 1GiB\n";
    private const string AnotherIsLost = "gpu 0 total=16GiB\ngpu 1 total=16GiB\njob 4242 gpu=0 start=0 name=\"python\"\n  at 0 1GiB\nfault code=15 gpu=1\n";

    [Fact]
    public async Task Passes_output_and_exit_code_through_and_ends_with_the_account_on_stderr()
    {
        using var folder = new TemporaryFolder();

        using var run = Start(folder, AnotherIsLost, "sh", "-c", $"echo result; until [ -e {folder.Path}/watched ]; do sleep 0.1; done; exit 7");
        // What ends before the first sweep has no account; that one tells of the other GPU.
        await Eventually.HoldsAsync(() => run.Errors.Any(line => line.Contains("GPU 1", StringComparison.Ordinal)), 60, "it is watched");
        folder.File("watched", "");
        var (code, output, error) = run.End();

        Assert.Equal((7, "result\n"), (code, output));
        Assert.Contains("account", error);
    }

    [Fact]
    public void Passes_a_signal_on_and_tells_how_the_command_took_it()
    {
        using var folder = new TemporaryFolder();
        using var run = Run(folder, "sh", "-c", "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.1; done");
        Assert.Equal("ready", run.ReadLine());

        run.Signal(15);

        Assert.Equal((9, "caught\n"), (run.End() is var (code, output, _) ? (code, output) : default));
    }

    [Theory]
    [InlineData("USR1", 10)]
    [InlineData("USR2", 12)]
    [InlineData("INT", 2)]
    public void The_signals_by_which_schedulers_ask_for_a_checkpoint_reach_the_command_once(string name, int number)
    {
        using var folder = new TemporaryFolder();
        using var run = Run(folder, "sh", "-c", $"trap 'echo caught' {name}; trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done");
        Assert.Equal("ready", run.ReadLine());

        run.Signal(number);
        Assert.Equal("caught", run.ReadLine());
        run.Signal(15);

        Assert.Equal((9, ""), (run.End() is var (code, output, _) ? (code, output) : default));
    }

    [Fact]
    public void Nothing_is_started_that_cannot_be_watched_as_asked()
    {
        using var folder = new TemporaryFolder();
        using var run = RunningAgent.Start(null, 1, ["run", "--nvml", folder.File("nobody.so"), "--", "sh", "-c", "echo started; exit 5"]);

        var (code, output, error) = run.End();

        Assert.Equal((2, ""), (code, output));
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void A_command_that_is_not_there_is_bad_input()
    {
        using var folder = new TemporaryFolder();

        var (code, output, error) = Run(folder, "no-such-program").End();

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("gpuwatch: no-such-program: cannot be started: ", error);
    }

    private static RunningAgent Run(TemporaryFolder folder, params string[] command) => Start(folder, OneGpu, command);

    private static RunningAgent Start(TemporaryFolder folder, string scene, params string[] command) =>
        RunningAgent.Start(folder.File("scene.scn", scene), 1, ["run", "--nvml", NvmlSim.Path, "--", .. command]);
}
