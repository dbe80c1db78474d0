using System.CommandLine;

namespace GpuWatch.Commands;

/// <summary>`completion`: a script for the shell, which asks the program itself what fits ("[suggest:POSITION]").</summary>
internal static class CompletionCommand
{
    private static readonly Argument<string> Shell = new("SHELL") { Description = "bash, zsh or fish" };

    private const string Bash = """
        # gpuwatch completion bash > /etc/bash_completion.d/gpuwatch
        _gpuwatch() {
          local word=${COMP_WORDS[COMP_CWORD]}
          mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "$word")
        }
        complete -o default -F _gpuwatch gpuwatch

        """;

    private const string Zsh = """
        #compdef gpuwatch
        # gpuwatch completion zsh > "${fpath[1]}/_gpuwatch"
        _gpuwatch() {
          local -a found
          found=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
          compadd -a found
          _files
        }
        compdef _gpuwatch gpuwatch

        """;

    private const string Fish = """
        # gpuwatch completion fish > ~/.config/fish/completions/gpuwatch.fish
        function __gpuwatch_complete
          set -l line (commandline -cp)
          gpuwatch "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c gpuwatch -a '(__gpuwatch_complete)'

        """;

    static CompletionCommand() => Shell.AcceptOnlyFromAmong("bash", "zsh", "fish");

    public static Command Create(Surroundings around)
    {
        var command = new Command("completion", "Prints a script that completes commands and options in a shell.") { Shell };
        command.SetAction(parsed =>
        {
            around.Out.Write((parsed.GetValue(Shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish }).ReplaceLineEndings("\n"));
            return ExitCode.Done;
        });
        return command;
    }
}
