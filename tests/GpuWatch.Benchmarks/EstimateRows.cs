using System.Globalization;

namespace GpuWatch.Benchmarks;

/// <summary>A table of jobs, no two alike: small and large models, all kinds of methods, one GPU and several, fixed and varying lengths.</summary>
internal static class EstimateRows
{
    private static readonly string[] Models =
        ["Llama-2-7B", "Llama-3.1-8B", "Mistral-7B", "Qwen2.5-0.5B", "gpt2-medium", "Mixtral-8x7B", "Qwen2.5-7B", "Llama-3.1-70B", "Phi-3-mini", "Gemma-2-9B", "Falcon-7B"];

    private static readonly string[] Methods = ["full", "lora", "qlora", "pretrain", "inference"];
    private static readonly string[] Optimizers = ["adamw_torch", "adamw_fused", "adamw_8bit"];
    private static readonly string[] Sharding = ["1,", "1,", "8,fsdp-full", "2,ddp"];
    private static readonly string[] Attention = ["flash", "eager", "sdpa"];
    private static readonly string[] Packing = ["yes", "no", ""];

    public static void Write(string path, int rows) => File.WriteAllLines(path, Enumerable.Range(0, rows)
        .Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $"r{i},{Models[i % 11]},{Methods[i % 5]},bf16,{1 + i % 7},{256 + 8 * (i / 11)},{(i % 2 == 0 ? "full" : "none")},{Attention[i % 3]},{Optimizers[i / 3 % 3]},{Sharding[i / 2 % 4]},{Packing[i / 5 % 3]}"))
        .Prepend("id,model_name,method,weight_dtype,micro_batch,seq_len,grad_checkpointing,attention,optimizer,num_gpus,parallelism,packing"));
}
