using GpuWatch.Core.Calibrate;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Calibrate;

/// <summary>A made-up machine: its jobs take what a profile says, give or take 1 %.</summary>
internal static class Machine
{
    private const double Noise = 0.01;

    private static readonly string[] Models = ["meta-llama/Llama-3.2-1B", "meta-llama/Llama-2-7b-hf", "Qwen/Qwen2.5-3B", "mistralai/Mistral-7B-v0.1", "gpt2"];

    /// <summary>Runs of all sizes; on four GPUs where the profile differs in what only they have.</summary>
    public static List<MeasuredRun> Runs(int seed, int count, Profile machine, Quantity quantity)
    {
        var random = new Random(seed);
        var gpus = machine[Knob.Collectives] != Profile.Default[Knob.Collectives] || machine[Knob.Gathered] != Profile.Default[Knob.Gathered] ? 4 : 1;
        return [.. Enumerable.Range(0, count).Select(_ => Run(Job(random, gpus), machine, quantity, random))];
    }

    private static MeasuredRun Run(Job job, Profile machine, Quantity quantity, Random random)
    {
        var run = MeasuredRun.Of(job, "our machine", quantity, Bytes.FromGiB(1)).Run!;
        return run with { Peak = run.Peak * Math.Exp(run.Error(machine) + Noise * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2) };
    }

    private static Job Job(Random random, int gpus)
    {
        var method = random.GetItems<string>(["lora", "qlora", "full"], 1)[0];
        var adapter = method != "full";
        return new()
        {
            ModelName = random.GetItems(Models, 1)[0], Method = method, QuantBits = method == "qlora" ? 4 : null, LoraRank = adapter ? 16 : null,
            LoraTargets = adapter ? "all" : null, WeightDtype = "bf16", Attention = "flash", MicroBatch = 1 << random.Next(4), SeqLen = 512 << random.Next(3),
            Optimizer = "adamw_torch", GradCheckpointing = random.Next(2) == 0 ? "full" : "none", NumGpus = gpus, Parallelism = gpus > 1 ? "fsdp-full" : null,
        };
    }
}
