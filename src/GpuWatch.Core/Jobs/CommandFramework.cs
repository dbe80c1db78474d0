using System.Buffers;

namespace GpuWatch.Core.Jobs;

/// <summary>What trains, as a command line names it: its program, module, script or subcommand. The text is the process's own: it is only compared.</summary>
public static class CommandFramework
{
    /// <summary>Trainers before what only launches them.</summary>
    private static readonly string[] Known =
    [
        "axolotl", "llamafactory", "swift", "trl", "torchtune", "torchtitan", "litgpt", "unsloth", "megatron", "nemo", "nanogpt", "deepspeed", "accelerate", "torchrun",
    ];

    private static readonly SearchValues<char> Seams = SearchValues.Create("/\\.-_:");

    /// <summary>Null where there is no command line, or it names none that is known.</summary>
    public static string? Of(string? commandLine)
    {
        var (best, mayBeValue) = (Known.Length, false);
        foreach (var word in (commandLine ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            // The value of a flag may be called anything; a module's name is no such value.
            var isFlag = word.StartsWith('-');
            if (!isFlag && !mayBeValue)
            {
                best = Math.Min(best, First(word));
            }
            mayBeValue = isFlag && word is not ("-m" or "--module") && !word.Contains('=', StringComparison.Ordinal);
        }
        return best < Known.Length ? Known[best] : null;
    }

    private static int First(string word)
    {
        var best = Known.Length;
        foreach (var part in word.AsSpan().SplitAny(Seams))
        {
            for (var i = 0; i < best; i++)
            {
                best = word.AsSpan(part).Equals(Known[i], StringComparison.OrdinalIgnoreCase) ? i : best;
            }
        }
        return best;
    }
}
