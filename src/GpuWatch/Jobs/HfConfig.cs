using System.Collections.Immutable;
using System.Text.Json;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Jobs;

/// <summary>What a config.json says.</summary>
/// <param name="StoredAs">How the weights are quantised in the model's files, as weight_dtype writes it; null = they are not.</param>
/// <param name="Remarks">What is left out or not known.</param>
internal sealed record ModelConfig(Architecture Shape, string? StoredAs, ImmutableArray<string> Remarks);

/// <summary>Reads a Hugging Face config.json: one thing has many names there, by model_type.</summary>
internal static class HfConfig
{
    /// <summary>Where models of several parts describe the one that trains on text.</summary>
    private static readonly string[] TextParts = ["text_config", "llm_config", "language_config"];

    /// <summary>Their other parts.</summary>
    private static readonly string[] OtherParts = ["vision_config", "audio_config", "visual"];

    /// <returns>What it says; or null with what is wrong and what is expected.</returns>
    public static (ModelConfig? Model, (string Problem, string Expectation) Error) Read(JsonElement root)
    {
        if (root.ValueKind is not JsonValueKind.Object)
        {
            return (null, ("it is no JSON object", "expected a model's config.json"));
        }
        var textPart = TextParts.FirstOrDefault(name => root.TryGetProperty(name, out var part) && part.ValueKind is JsonValueKind.Object);
        var isPart = textPart is not null;
        var text = textPart is null ? root : root.GetProperty(textPart);
        var whole = new ConfigReader(root, null);
        var type = new ConfigReader(text, null).Text("model_type") ?? whole.Text("model_type");
        var config = new ConfigReader(text, type);
        var remarks = ImmutableArray.CreateBuilder<string>();
        if (Block(type ?? "llama", config) is null)
        {
            if (!LooksLikeDecoder(config))
            {
                return (null, ($"model_type '{Plain.Text(type!)}' is no transformer decoder that is known", "expected one, or its shape by hidden, layers, heads, intermediate and vocab"));
            }
            remarks.Add($"model_type {Plain.Text(type!)} is not known: it is counted like Llama");
        }
        foreach (var part in OtherParts.Where(whole.Has))
        {
            remarks.Add($"{part} of the config.json is left out: only the text model is counted");
        }
        // A part leaves out whatever is the default; a model of one part that does not say its size is a mistake.
        var hidden = isPart ? config.Count("hidden_size", "n_embd", "n_embed", "d_model", "dim") : config.Said("hidden_size", "n_embd", "n_embed", "d_model", "dim");
        var layers = Layers(config, isPart);
        if (hidden is null || layers is null)
        {
            return (null, ("it does not say how wide and how deep the model is", "expected hidden_size and num_hidden_layers"));
        }
        var stored = Stored(root, text, remarks);
        return (new(Shape(type ?? "llama", config, hidden.Value, layers.Value, whole.Flag("tie_word_embeddings")), stored, remarks.DrainToImmutable()), default);
    }

    private static Architecture Shape(string type, in ConfigReader config, int hidden, int layers, bool? tiedWhole)
    {
        var heads = config.Count("num_attention_heads", "n_head", "num_heads", "n_heads");
        var block = Block(type, config) ?? "llama";
        var width = Width(type, config, hidden);
        var shape = new Architecture(
            Name: config.Text("_name_or_path") is { Length: > 0 } name ? name : type,
            Block: block,
            Hidden: hidden,
            Layers: layers,
            Heads: heads,
            KvHeads: KvHeads(type, config) ?? heads,
            HeadDim: config.Count("head_dim", "d_kv", "kv_channels") is { } dim && (long)dim * heads != hidden ? dim : null,
            Intermediate: width,
            Vocab: config.Said("padded_vocab_size") ?? config.Count("vocab_size"),
            TiedEmbeddings: config.Flag("tie_word_embeddings") ?? tiedWhole ?? TiedByDefault(type),
            QkvBias: QkvBias(type, config),
            Positions: BlockTraits.Of(block).Positions > 0 ? Positions(type, config) : null,
            Experts: config.Count("num_local_experts", "num_experts", "n_routed_experts"),
            ExpertsPerToken: config.Count("num_experts_per_tok"),
            ExpertIntermediate: config.Count("moe_intermediate_size"),
            SharedIntermediate: config.Count("shared_expert_intermediate_size") ?? Product(config.Said("n_shared_experts"), config.Said("moe_intermediate_size")),
            DenseLayers: config.Said("first_k_dense_replace"),
            Latent: Latent(config),
            EmbeddingWidth: config.Said("word_embed_proj_dim") is { } narrow && narrow != hidden ? narrow : null);
        return type is "llama4_text" or "llama4" ? Llama4(shape, config) : shape;
    }

    /// <summary>Each of the routed experts, the shared one and the dense layers between have widths of their own (transformers, modeling_llama4.py).</summary>
    private static Architecture Llama4(Architecture shape, in ConfigReader config) => shape with
    {
        Intermediate = config.Said("intermediate_size_mlp") ?? shape.Intermediate,
        ExpertIntermediate = shape.Intermediate,
        SharedIntermediate = shape.Intermediate,
        DenseLayers = shape.Layers - shape.Layers / (config.Said("interleave_moe_layer_step") ?? 1),
    };

    /// <returns>Null when the type is not known.</returns>
    private static string? Block(string type, in ConfigReader config) => type switch
    {
        "gpt_bigcode" => "gpt2",
        "falcon" or "RefinedWeb" or "RefinedWebModel" =>
            config.Flag("new_decoder_architecture") is true ? "falcon_new" : config.Flag("bias") is true ? "falcon_rw" : "falcon",
        "opt" => config.Flag("do_layer_norm_before") is false ? "opt_post" : "opt",
        "t5" or "mt5" or "umt5" => config.Flag("is_gated_act") is true || config.Text("feed_forward_proj")?.StartsWith("gated", StringComparison.Ordinal) is true ? "t5_gated" : "t5",
        "xlm-roberta" or "camembert" => "roberta",
        "gemma3_text" => "gemma3",
        "deepseek_v2" => "deepseek",
        "deepseek_v3" => "deepseek3",
        "olmoe" => "olmo2",
        "qwen3_moe" => "qwen3",
        "cohere2" => "cohere",
        "internlm3" or "llama4" or "llama4_text" or "qwen2_vl" or "qwen2_vl_text" or "qwen2_5_vl" or "qwen2_5_vl_text" => "llama",
        "internlm" => config.Flag("bias") is false ? "llama" : "internlm",
        _ => JobWords.Blocks.Find(type),
    };

    /// <summary>Heads, a gated or plain MLP and a vocabulary, and no sign of another kind of model.</summary>
    private static bool LooksLikeDecoder(in ConfigReader config) =>
        config.Said("hidden_size") is not null && config.Said("num_attention_heads") is not null && config.Said("intermediate_size") is not null
        && config.Said("vocab_size") is not null && config.Flag("is_encoder_decoder") is not true && !config.Has("image_size");

    /// <summary>T5 counts its two stacks apart; a decoder count of its own is optional.</summary>
    private static int? Layers(in ConfigReader config, bool isPart) =>
        config.Has("d_kv") && config.Said("num_layers") is { } encoder
            ? encoder + (config.Said("num_decoder_layers") ?? encoder)
            : isPart ? config.Count("num_hidden_layers", "n_layer", "n_layers", "num_layers") : config.Said("num_hidden_layers", "n_layer", "n_layers", "num_layers");

    private static bool IsFalcon(string type) => type is "falcon" or "RefinedWeb" or "RefinedWebModel";

    private static int? KvHeads(string type, in ConfigReader config) =>
        config.Count("num_key_value_heads", "multi_query_group_num")
        ?? (IsFalcon(type) && config.Flag("new_decoder_architecture") is true ? config.Said("num_kv_heads", "n_head_kv")
            : config.Flag("multi_query") ?? IsFalcon(type) ? 1 : null);

    private static int? Width(string type, in ConfigReader config, int hidden)
    {
        var width = config.Count("intermediate_size", "n_inner", "d_ff", "ffn_dim", "ffn_hidden_size", "hidden_dim");
        return type switch
        {
            // Qwen 1 counts gate and up projections together.
            "qwen" => width / 2,
            "gpt2" or "gpt_bigcode" or "gpt_neo" or "gptj" or "bloom" or "falcon" or "RefinedWeb" or "RefinedWebModel" => width ?? Product(4, hidden),
            "mpt" => Product(config.Said("expansion_ratio") ?? 4, hidden),
            _ => width,
        };
    }

    private static bool? QkvBias(string type, in ConfigReader config) => type switch
    {
        "qwen" or "qwen2" or "qwen2_moe" or "qwen2_vl" or "qwen2_vl_text" or "qwen2_5_vl" or "qwen2_5_vl_text" => true,
        "chatglm" => config.Flag("add_qkv_bias"),
        "stablelm" => config.Flag("use_qkv_bias"),
        _ => config.Flag("attention_bias"),
    };

    private static bool? TiedByDefault(string type) => type switch
    {
        // transformers ties unless told otherwise, but these classes say no by default.
        "llama" or "llama4" or "llama4_text" or "mistral" or "mixtral" or "qwen" or "qwen2" or "qwen2_moe" or "qwen2_vl" or "qwen2_vl_text" or "qwen2_5_vl" or "qwen2_5_vl_text"
            or "qwen3" or "qwen3_moe" or "phi" or "phi3" or "phimoe" or "gpt_oss" or "gptj" or "gpt_neox"
            or "chatglm" or "baichuan" or "internlm" or "internlm2" or "internlm3" or "deepseek_v2" or "deepseek_v3" or "olmo" or "olmo2" or "olmoe" or "stablelm" => false,
        "t5" or "mt5" or "umt5" => null,
        _ => true,
    };

    private static int? Positions(string type, in ConfigReader config) =>
        config.Said("n_positions", "max_position_embeddings") is { } rows ? (int)Math.Min(int.MaxValue, rows + (type == "opt" ? 2L : 0)) : null;

    private static LatentAttention? Latent(in ConfigReader config) =>
        config.Said("kv_lora_rank") is { } rank
        && (config.Said("qk_nope_head_dim"), config.Said("qk_rope_head_dim"), config.Said("v_head_dim")) is ({ } nope, { } rope, { } value)
            ? new(config.Said("q_lora_rank"), rank, nope, rope, value)
            : null;

    /// <summary>Of two numbers that others wrote: at most the largest there is.</summary>
    private static int? Product(int? a, int? b) => a is { } left && b is { } right ? (int)Math.Min(int.MaxValue, (long)left * right) : null;

    private static string? Stored(JsonElement root, JsonElement text, ImmutableArray<string>.Builder remarks)
    {
        if ((!root.TryGetProperty("quantization_config", out var quantisation) && !text.TryGetProperty("quantization_config", out quantisation)) || quantisation.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }
        var config = new ConfigReader(quantisation, null);
        var (inFour, inEight) = (config.Flag("load_in_4bit") is true, config.Flag("load_in_8bit") is true);
        var method = config.Text("quant_method") ?? (inFour || inEight ? "bitsandbytes" : "without a quant_method");
        var stored = (method, config.Said("bits")) switch
        {
            ("awq", null or 4) => "awq",
            ("gptq", null or 4) => "gptq4",
            ("gptq", 8) => "gptq8",
            ("gptq", 2) => "gptq2",
            ("bitsandbytes", _) when inFour => config.Text("bnb_4bit_quant_type") == "nf4" ? (config.Flag("bnb_4bit_use_double_quant") is true ? "nf4-dq" : "nf4") : "fp4",
            ("bitsandbytes", _) when inEight => "int8",
            ("fp8" or "fbgemm_fp8", _) => "fp8",
            ("aqlm", _) => "aqlm",
            ("hqq", null or 4) => "int4",
            _ => null,
        };
        if (stored is null)
        {
            remarks.Add($"quantization_config {Plain.Text(method)} is not followed: weights are counted as if they were not quantised");
        }
        return stored;
    }
}
