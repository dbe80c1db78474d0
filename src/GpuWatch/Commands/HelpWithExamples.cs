using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace GpuWatch.Commands;

/// <summary>The usual help, and below it what one would really type.</summary>
internal sealed class HelpWithExamples(SynchronousCommandLineAction usual) : SynchronousCommandLineAction
{
    /// <summary>By the name of the command; the root's under "gpuwatch".</summary>
    private static readonly Dictionary<string, string[]> Examples = new()
    {
        ["gpuwatch"] =
        [
            "gpuwatch                                  watch the GPUs of this machine; page on http://127.0.0.1:9838",
            "gpuwatch once                             who holds how much, now",
            "gpuwatch top                              the same all the time, with what is still to come",
            "gpuwatch doctor                           does this machine let it work?",
            "gpuwatch estimate --job train.yaml        what a job will need, before it starts",
            "gpuwatch replay log.csv                   what it would have said of a recording",
            "gpuwatch snapshot memory.pickle           what filled PyTorch's memory, and which setting would save how much",
        ],
        ["agent"] =
        [
            "gpuwatch agent --job train.yaml           hold what is seen against what the job must still allocate",
            "gpuwatch agent --output ndjson            events for programs",
            "gpuwatch agent --for 10m --listen none    ten minutes, no HTTP",
            "GPUWATCH_HTTP__TOKEN_FILE=token.txt gpuwatch agent --listen 0.0.0.0:9838",
        ],
        ["run"] =
        [
            "gpuwatch run --job train.yaml -- python train.py --bs 4",
            "gpuwatch run --in-process -- python train.py       PyTorch's live bytes too: leaks that its cache hides from the driver",
        ],
        ["once"] = ["gpuwatch once --output json | jq '.processes[] | select(.used_bytes > 1e9)'"],
        ["top"] = ["gpuwatch top --job train.yaml"],
        ["config"] = ["gpuwatch config show", "gpuwatch config validate --config new.yaml && systemctl restart gpuwatch"],
        ["doctor"] = ["gpuwatch doctor --output json", "gpuwatch doctor --influx", "gpuwatch doctor --nvml /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"],
        ["estimate"] =
        [
            "gpuwatch estimate --model meta-llama/Llama-2-7b-hf --method qlora --micro-batch 4 --seq-len 2048 --gpu-mem-gb 24",
            "gpuwatch estimate --job train.yaml --advise --gpu-name \"RTX 4090\"",
            "gpuwatch estimate --job train.yaml --fits A100-80GB && ./train.sh",
            "gpuwatch estimate --job train.yaml --cost --samples 10000 --epochs 3 --price 2.49",
            "gpuwatch estimate --job train.yaml --compare --explain",
            "gpuwatch estimate --batch jobs.csv --profile ours.json --output ndjson",
            "gpuwatch estimate --batch jobs.csv --output ndjson",
        ],
        ["presets"] = ["gpuwatch estimate --job train.yaml --formula fixed-dynamic", "gpuwatch presets --measure measured.csv --output csv"],
        ["replay"] =
        [
            "gpuwatch replay trace.csv --job train.yaml --output ndjson",
            "nvidia-smi --query-gpu=timestamp,index,memory.used,memory.total --format=csv -l 1 > log.csv; gpuwatch replay log.csv",
        ],
        ["snapshot"] =
        [
            "gpuwatch snapshot memory.pickle",
            "gpuwatch snapshot memory.pickle --device 0 --timeline memory.csv --output json",
        ],
        ["record"] = ["gpuwatch record run.csv --for 8h            and later: gpuwatch replay run.csv"],
        ["query"] =
        [
            "gpuwatch query --series process --since 2h --gpu 0 --output csv",
            "gpuwatch query --series events --since 7d --output ndjson | grep critical",
            "gpuwatch query --series gpu --since 2026-01-01 --resolution 1m --output json",
        ],
        ["completion"] = ["gpuwatch completion bash > /etc/bash_completion.d/gpuwatch"],
    };

    public static void AddTo(RootCommand root)
    {
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: SynchronousCommandLineAction usual })
            {
                option.Action = new HelpWithExamples(usual);
            }
        }
    }

    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        if (Examples.TryGetValue(command is RootCommand ? "gpuwatch" : command.Name, out var lines))
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.Write("Examples:\n");
            foreach (var line in lines)
            {
                output.Write($"  {line}\n");
            }
            output.Write("\n");
        }
        return code;
    }
}
