namespace GpuWatch.Benchmarks.Jobs;

/// <summary>What is trained: one of six published models with 6, 8 or 10 of its layers, as the recorded jobs are.</summary>
/// <param name="Lengths">Tokens of a sequence it is trained with.</param>
internal sealed record Model(string Name, string Block, int Hidden, int Heads, int KvHeads, int Intermediate, int Vocab, string Tied, string QkvBias, int[] Lengths)
{
    private static readonly int[] Short = [512, 1024], Long = [1024, 2048];

    private static readonly Model[] Table =
    [
        new("gpt2", "gpt2", 768, 12, 12, 3072, 50257, "yes", "yes", Short),
        new("gpt2-medium", "gpt2", 1024, 16, 16, 4096, 50257, "yes", "yes", Short),
        new("opt-1.3b", "gpt2", 2048, 32, 32, 8192, 50272, "yes", "yes", Short),
        new("smollm2-135m", "llama", 576, 9, 3, 1536, 49152, "yes", "no", Long),
        new("qwen2.5-0.5b", "llama", 896, 14, 2, 4864, 151936, "yes", "yes", Long),
        new("tinyllama-1.1b", "llama", 2048, 32, 4, 5632, 32000, "no", "no", Long),
    ];

    /// <summary>A job of the kind a scenario needs: states to be made at the first step, or much to be saved for backward.</summary>
    public static JobText Draw(Scenario scenario, Dice dice)
    {
        var model = dice.Of(Table);
        var layers = dice.Of(6, 8, 10);
        var lora = scenario is not Scenario.FirstOptimizer && dice.Chance(0.3);
        // Of 60 recorded: 18 in bf16, 14 with masters, 12 under autocast; adapters in bf16 with the fused optimizer.
        var (weights, amp, masters) = lora ? ("bf16", "no", "no") : dice.Of(("bf16", "no", "no"), ("bf16", "no", "no"), ("bf16", "no", "yes"), ("fp32", "yes", "no"));
        List<KeyValuePair<string, object>> entries =
        [
            new("model_name", $"{model.Name}-{layers}layers"), new("block", model.Block), new("hidden", model.Hidden), new("layers", layers),
            new("heads", model.Heads), new("kv_heads", model.KvHeads), new("intermediate", model.Intermediate), new("vocab", model.Vocab),
            new("tied_embeddings", model.Tied), new("qkv_bias", model.QkvBias), new("method", lora ? "lora" : "full"),
        ];
        if (lora)
        {
            entries.AddRange([new("lora_rank", 16), new("lora_targets", "all-linear"), new("lora_dropout", 0.05), new("lora_dtype", "fp32")]);
        }
        entries.AddRange(
        [
            new("weight_dtype", weights), new("amp", amp), new("master_weights", masters),
            new("optimizer", lora || dice.Chance(0.5) ? "adamw_fused" : "adamw_torch"),
            new("grad_checkpointing", scenario is not Scenario.FirstBackward && dice.Chance(0.5) ? "full" : "none"),
            new("attention", dice.Chance(0.38) ? "eager" : "flash"),
            new("cross_entropy", scenario is Scenario.Eval || dice.Chance(0.5) ? "hf2025" : "hf"), new("fused_ce", "no"),
            new("micro_batch", dice.Of(1, 2, 4)), new("seq_len", dice.Of(model.Lengths)), new("packing", "no"), new("grad_accum", 1),
            new("num_gpus", 1), new("parallelism", "none"),
        ]);
        return new(entries);
    }
}
