using System.Buffers;

namespace GpuWatch.Core.Jobs;

/// <summary>
/// Tells a server from a training by its command line: the program, module, script or subcommand that is named after what it does
/// (vllm serve, -m sglang.launch_server, torchrun sft.py), else the flags of a training (--do_train, --num_train_epochs), else a launcher of
/// trainings. Values of flags say nothing: a model is called "chat" whatever is done with it. The text is the process's own: it is only compared.
/// </summary>
public static class CommandWords
{
    private static readonly SearchValues<char> Blanks = SearchValues.Create(" \t\n");
    private static readonly SearchValues<char> Seams = SearchValues.Create(".-_:=,+0123456789");

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Serving = Words(
        "serve", "server", "serving", "deploy", "vllm", "sglang", "tritonserver", "uvicorn", "gunicorn", "hypercorn", "fastapi", "flask", "gradio",
        "streamlit", "ollama", "tgi", "lmdeploy", "bentoml", "torchserve", "infer", "inference", "predict", "generate", "generation", "chat", "api",
        "webui", "comfyui", "embed", "embeddings", "eval", "evaluate", "benchmark");

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Training = Words(
        "train", "trainer", "training", "pretrain", "pretraining", "finetune", "finetuning", "sft", "dpo", "orpo", "kto", "grpo", "ppo", "rlhf", "distill",
        "nanogpt", "torchtitan", "dreambooth");

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> TrainingFlags = Words("train", "training", "epochs", "gradient", "lr", "optim", "optimizer");

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Launchers = Words(
        "torchrun", "accelerate", "deepspeed", "axolotl", "llamafactory", "swift", "trl", "megatron", "fsdp");

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Adapters = Words("lora", "qlora", "dora", "peft", "adapter", "adapters");

    /// <summary>Null where there is no command line to read: recordings, simulated processes, those of another pid namespace.</summary>
    public static Trade? Of(string? commandLine)
    {
        if (string.IsNullOrWhiteSpace(commandLine))
        {
            return null;
        }
        var line = commandLine.AsSpan();
        var (named, isLaunched, hasFlags, adapts, mayBeValue) = ((Trade?)null, false, false, false, false);
        foreach (var part in line.SplitAny(Blanks))
        {
            var argument = line[part];
            var isFlag = argument is ['-', ..];
            if (argument.IsEmpty || (mayBeValue && !isFlag && !argument.EndsWith(".py", StringComparison.Ordinal)))
            {
                mayBeValue = false;
                continue;
            }
            var name = isFlag ? Before(argument, '=') : argument[(argument.LastIndexOf('/') + 1)..];
            foreach (var seam in name.SplitAny(Seams))
            {
                var word = name[seam];
                named ??= isFlag ? null : Serving.Contains(word) ? Trade.Serving : Training.Contains(word) ? Trade.Training : null;
                (isLaunched, hasFlags, adapts) = (isLaunched || (!isFlag && Launchers.Contains(word)), hasFlags || (isFlag && TrainingFlags.Contains(word)), adapts || Adapters.Contains(word));
            }
            mayBeValue = isFlag && argument is not "-m";
        }
        var trade = named ?? (hasFlags || isLaunched ? Trade.Training : Trade.Unknown);
        return trade == Trade.Training && adapts ? Trade.Adapting : trade;
    }

    private static ReadOnlySpan<char> Before(ReadOnlySpan<char> text, char end) => text.IndexOf(end) is var at and >= 0 ? text[..at] : text;

    private static HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Words(params string[] words) =>
        new HashSet<string>(words, StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
}
