namespace GpuWatch.Core.Jobs;

/// <summary>The words of the vocabulary. Words whose memory differs are different words; mere spellings are aliases.</summary>
public static class JobWords
{
    public static WordList Blocks { get; } = new(
        [.. BlockTraits.Names.Select(name => name switch
        {
            "llama" => "llama = mistral, mixtral, qwen, qwen2, yi, internlm2, phi3, granite, smollm3, chatglm, baichuan",
            "gpt2" => "gpt2 = gpt, gpt_bigcode",
            "qwen3" => "qwen3 = qwen3_moe",
            _ => name,
        })]);

    public static WordList Methods { get; } = new(
        "full = sft, full finetuning, fft", "pretrain = pretraining", "lora", "qlora", "freeze", "inference = generate", "load",
        "galore", "pretrain-galore", "qgalore", "apollo", "pretrain-apollo", "badam", "lisa", "lomo", "adalomo", "llamapro",
        "dora", "qdora", "adalora", "lora-fa", "rslora", "pissa", "loftq", "longlora", "oft", "boft", "qoft", "hra", "loha", "lokr", "vera", "vblora", "randlora",
        "fourierft", "waveft", "bone", "miss", "road", "shira", "c3a", "psoft", "lily", "delora", "peanut", "pvera", "adamss", "beft", "osf", "xlora", "poly",
        "ia3", "ln_tuning", "bitfit", "adapter", "reft", "prompt_tuning", "prefix_tuning", "p_tuning", "multitask_prompt_tuning", "cpt", "trainable_tokens");

    public static WordList Dtypes { get; } = new(
        "fp32 = float32, float", "bf16 = bfloat16", "fp16 = float16, half");

    public static WordList Optimizers { get; } = new(
        "adamw_torch = adamw, adam, torch.optim.adamw", "adamw_hf = decoupled_adamw",
        "adamw_fused = adamw_torch_fused, adamw_apex_fused",
        "adamw_8bit = adamw_bnb_8bit, bnb adamw8bit, adamw8bit, adam8bit, adam_8bit, adamw_torch_8bit",
        "adamw_4bit = ao adamw4bit, adamw4bit, adamw_torch_4bit", "adamw_fp8 = ao adamwfp8, adamwfp8",
        "paged_adamw_8bit = pagedadamw8bit", "paged_adamw_32bit = pagedadamw, paged_adamw",
        "adamw_in_backward_8bit = adamw8bit in backward", "adamw_anyprecision", "stable_adamw", "ademamix", "ademamix_8bit = adamx_8bit",
        "adafactor", "sgd", "sgd_momentum = momentum", "adagrad", "rmsprop", "lion = lion_32bit", "lion_8bit", "paged_lion_8bit", "paged_lion = paged_lion_32bit",
        "lamb", "muon", "lomo", "adalomo", "schedule_free_adamw", "galore_adamw = galore", "galore_adamw_8bit", "galore_adamw_layerwise",
        "galore_adamw_8bit_layerwise = galore-adamw8bit per-layer", "qgalore_adamw8bit = qgalore, q-galore 8-bit per-layer", "apollo_adamw = apollo", "apollo_adamw_layerwise", "q-apollo-mini = q-apollo-mini per-layer", "badam", "lora-fa");

    public static WordList Checkpointing { get; } = new(
        "none = no, false, off", "full = yes, true, on, block", "selective = selective_op, sac");

    public static WordList Attention { get; } = new(
        "eager = math, none", "sdpa = torch", "flash = flash_attention_2, flash2, fa2, flash_attn, flash_attention_3, xformers");

    public static WordList CrossEntropy { get; } = new(
        "hf", "hf_trainer = trainer", "hf2025", "fused = liger, cut_cross_entropy, cce, linear", "chunked", "classification = n/a");

    public static WordList Metrics { get; } = new(
        "torch_max_allocated", "torch_max_reserved", "nvidia_smi", "nvml", "unknown = estimate");

    /// <summary>yes or no in any of the usual words, with or without a remark after it ("yes (fp32 params)"); null when it is neither.</summary>
    public static bool? YesNo(string text)
    {
        var word = text.AsSpan().Trim();
        var end = word.IndexOfAny(" (,;");
        return (end < 0 ? word : word[..end]).ToString().ToLowerInvariant() switch
        {
            "yes" or "true" or "1" or "on" or "y" => true,
            "no" or "false" or "0" or "off" or "n" => false,
            // Autocast is often told by its precision, full-length sequences by how they were made.
            "bf16" or "fp16" or "mixed" or "fixed" or "padded" or "dummy" or "fsdp2" => true,
            _ => null,
        };
    }

    /// <summary>What lives in host memory, in canonical order; null when the text names something else.</summary>
    public static string? Offload(string text)
    {
        var (optimizer, parameters, activations) = (false, false, false);
        foreach (var part in text.ToLowerInvariant().Split([',', '+', '(', ')', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part)
            {
                case "no" or "none" or "false": break;
                case "optim" or "optimizer": optimizer = true; break;
                case "param" or "params" or "parameters": parameters = true; break;
                case "activation" or "activations": activations = true; break;
                // "cpu" alone is FSDP's switch: parameters, gradients and optimizer; in front of a bracket it only says where.
                case "cpu" or "yes": (optimizer, parameters) = text.Contains('(') ? (optimizer, parameters) : (true, true); break;
                default: return null;
            }
        }
        string?[] parts = [optimizer ? "optimizer" : null, parameters ? "params" : null, activations ? "activations" : null];
        return parts.Any(part => part is not null) ? string.Join(',', parts.Where(part => part is not null)) : "none";
    }
}
