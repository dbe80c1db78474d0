using System.Text.Json;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Jobs;

/// <summary>Reads an architecture out of a Hugging Face config.json: one thing has many names there, by model_type.</summary>
internal static class HfConfig
{
    /// <returns>Null when neither width nor depth is told.</returns>
    public static Architecture? Shape(JsonElement config)
    {
        if (config.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }
        if (config.TryGetProperty("text_config", out var text) && text.ValueKind is JsonValueKind.Object)
        {
            config = text;
        }
        var type = Text(config, "model_type") ?? "llama";
        var hidden = Count(config, "hidden_size", "n_embd", "d_model", "dim");
        var layers = Layers(config);
        if (hidden is null || layers is null)
        {
            return null;
        }
        var heads = Count(config, "num_attention_heads", "n_head", "num_heads", "n_heads");
        var block = Block(type, config);
        return new Architecture(
            Name: Text(config, "_name_or_path") is { Length: > 0 } name ? name : type,
            Block: block,
            Hidden: hidden,
            Layers: layers,
            Heads: heads,
            KvHeads: KvHeads(type, config) ?? heads,
            HeadDim: Count(config, "head_dim", "d_kv", "kv_channels") is { } dim && dim * heads != hidden ? dim : null,
            Intermediate: Width(type, config, hidden.Value),
            Vocab: Count(config, "padded_vocab_size", "vocab_size"),
            TiedEmbeddings: Flag(config, "tie_word_embeddings") ?? TiedByDefault(type),
            QkvBias: QkvBias(type, config),
            Positions: BlockTraits.Of(block).Positions > 0 ? Positions(type, config) : null,
            Experts: Count(config, "num_local_experts", "num_experts", "n_routed_experts"),
            ExpertsPerToken: Count(config, "num_experts_per_tok"),
            ExpertIntermediate: Count(config, "moe_intermediate_size"),
            SharedIntermediate: Count(config, "shared_expert_intermediate_size")
                ?? Count(config, "n_shared_experts") * Count(config, "moe_intermediate_size"),
            DenseLayers: Count(config, "first_k_dense_replace"),
            Latent: Latent(config));
    }

    private static string Block(string type, JsonElement config) => type switch
    {
        "gpt_bigcode" => "gpt2",
        "falcon" or "RefinedWeb" or "RefinedWebModel" =>
            Flag(config, "new_decoder_architecture") is true ? "falcon_new" : Flag(config, "bias") is true ? "falcon_rw" : "falcon",
        "t5" or "mt5" or "umt5" => Flag(config, "is_gated_act") is true || Text(config, "feed_forward_proj")?.StartsWith("gated", StringComparison.Ordinal) is true ? "t5_gated" : "t5",
        "xlm-roberta" or "camembert" => "roberta",
        "gemma3_text" => "gemma3",
        "deepseek_v2" => "deepseek",
        "deepseek_v3" => "deepseek3",
        "olmoe" => "olmo2",
        "qwen3_moe" => "qwen3",
        "internlm" => Flag(config, "bias") is false ? "llama" : "internlm",
        _ => JobWords.Blocks.Find(type) ?? "llama",
    };

    /// <summary>T5 counts its two stacks apart; a decoder count of its own is optional.</summary>
    private static int? Layers(JsonElement config) =>
        config.TryGetProperty("d_kv", out _) && Count(config, "num_layers") is { } encoder
            ? encoder + (Count(config, "num_decoder_layers") ?? encoder)
            : Count(config, "num_hidden_layers", "n_layer", "n_layers", "num_layers");

    private static int? KvHeads(string type, JsonElement config) =>
        Count(config, "num_key_value_heads", "multi_query_group_num")
        ?? (type is "falcon" or "RefinedWeb" or "RefinedWebModel" && Flag(config, "new_decoder_architecture") is true ? Count(config, "num_kv_heads", "n_head_kv") : null)
        ?? (Flag(config, "multi_query") is true ? 1 : null);

    private static int? Width(string type, JsonElement config, int hidden)
    {
        var width = Count(config, "intermediate_size", "n_inner", "d_ff", "ffn_dim", "ffn_hidden_size", "hidden_dim");
        return type switch
        {
            // Qwen 1 counts gate and up projections together.
            "qwen" => width / 2,
            "gpt2" or "gpt_bigcode" or "gpt_neo" or "gptj" or "bloom" or "falcon" or "RefinedWeb" or "RefinedWebModel" => width ?? 4 * hidden,
            "mpt" => (Count(config, "expansion_ratio") ?? 4) * hidden,
            _ => width,
        };
    }

    private static bool? QkvBias(string type, JsonElement config) => type switch
    {
        "qwen" or "qwen2" or "qwen2_moe" or "qwen2_vl" => true,
        "chatglm" => Flag(config, "add_qkv_bias"),
        "stablelm" => Flag(config, "use_qkv_bias"),
        _ => Flag(config, "attention_bias"),
    };

    private static bool? TiedByDefault(string type) => type switch
    {
        // transformers ties unless told otherwise, but these classes say no by default.
        "llama" or "mistral" or "mixtral" or "qwen" or "qwen2" or "qwen2_moe" or "qwen3" or "qwen3_moe" or "phi" or "phi3" or "phimoe" or "gptj" or "gpt_neox"
            or "chatglm" or "baichuan" or "internlm" or "internlm2" or "internlm3" or "deepseek_v2" or "deepseek_v3" or "olmo" or "olmo2" or "olmoe" or "stablelm" => false,
        "t5" or "mt5" or "umt5" => null,
        _ => true,
    };

    private static int? Positions(string type, JsonElement config) =>
        Count(config, "n_positions", "max_position_embeddings") + (type == "opt" ? 2 : 0);

    private static LatentAttention? Latent(JsonElement config) =>
        Count(config, "kv_lora_rank") is { } rank
        && (Count(config, "qk_nope_head_dim"), Count(config, "qk_rope_head_dim"), Count(config, "v_head_dim")) is ({ } nope, { } rope, { } value)
            ? new(Count(config, "q_lora_rank"), rank, nope, rope, value)
            : null;

    private static int? Count(JsonElement config, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (config.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var count) && count > 0)
            {
                return count;
            }
        }
        return null;
    }

    private static bool? Flag(JsonElement config, string name) =>
        config.TryGetProperty(name, out var value) && value.ValueKind is (JsonValueKind.True or JsonValueKind.False)
            ? value.ValueKind is JsonValueKind.True
            : null;

    private static string? Text(JsonElement config, string name) =>
        config.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
