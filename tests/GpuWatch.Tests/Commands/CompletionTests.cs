using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class CompletionTests
{
    [ToolTheory("bash")]
    [InlineData("ag", "agent")]
    [InlineData("agent --lis", "--listen")]
    [InlineData("query --series pro", "process")]
    [InlineData("no-such-word", "")]
    public void In_bash_a_word_that_was_begun_is_completed(string typed, string completed)
    {
        var script = $$"""
            source <("{{RunningAgent.Program}}" completion bash)
            COMP_LINE="gpuwatch {{typed}}"; COMP_POINT=${#COMP_LINE}
            COMP_WORDS=("{{RunningAgent.Program}}" {{typed}}); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _gpuwatch
            echo "${COMPREPLY[@]}"
            """;

        Assert.Equal((0, completed + "\n"), Tool.Run("bash", ["-c", script]));
    }

    [ToolTheory("zsh")]
    [InlineData("zsh")]
    public void The_script_for_zsh_is_one(string shell) => IsScript(shell);

    [ToolTheory("fish")]
    [InlineData("fish")]
    public void The_script_for_fish_is_one(string shell) => IsScript(shell);

    [Fact]
    public void A_shell_it_does_not_know_is_bad_usage()
    {
        var (code, output, error) = Gpuwatch.Run("completion", "tcsh");

        Assert.Equal((2, ""), (code, output));
        Assert.Matches("^gpuwatch: .*'tcsh'.*'bash'.*\n$", error);
    }

    private static void IsScript(string shell)
    {
        var (code, script, _) = Gpuwatch.Run("completion", shell);

        Assert.Equal(0, code);
        Assert.Equal((0, ""), Tool.Run(shell, ["-n"], input: script));
    }
}
