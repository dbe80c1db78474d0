namespace GpuWatch.Core.Jobs;

/// <summary>The layers LoRA targets: the linear ones of a block, and both ends of the model.</summary>
[Flags]
internal enum Targets
{
    None = 0,
    Query = 1,
    Key = 2,
    Value = 4,
    Output = 8,
    Gate = 16,
    Up = 32,
    Down = 64,
    /// <summary>The projection to the vocabulary, outside of the blocks.</summary>
    Head = 128,
    /// <summary>The table of the tokens.</summary>
    Embedding = 256,
    Attention = Query | Key | Value | Output,
    Mlp = Gate | Up | Down,
    All = Attention | Mlp,
}

/// <summary>Reads which linear layers adapters sit on, in the spellings of PEFT's target modules.</summary>
internal static class LoraTargets
{
    public const string Expects = "all-linear, or a list of module names such as q,v or q_proj,down_proj";

    /// <summary>What PEFT takes by default for most families, queries and values, where nothing is said or nothing that is played.</summary>
    public static Targets Read(string? text, Targets otherwise = Targets.Query | Targets.Value) =>
        text is not null && Parse(text) is { } said and not Targets.None ? said : otherwise;

    /// <summary>What (IA)³ rescales by default: keys, values and what goes into the down projection (peft/utils/constants.py).</summary>
    public const Targets OfIa3 = Targets.Key | Targets.Value | Targets.Down;

    /// <returns>Null when a word is no module of the known families.</returns>
    public static Targets? Parse(string text)
    {
        var words = Words(text);
        // Llama's own names are w1 gate, w2 down, w3 up; Qwen's two are w1 and w2, with c_proj behind them.
        var isLlama = words.Contains("w3", StringComparer.OrdinalIgnoreCase);
        var targets = Targets.None;
        foreach (var word in words)
        {
            if (Module(word.ToLowerInvariant(), isLlama) is not { } target)
            {
                return null;
            }
            targets |= target;
        }
        return targets;
    }

    /// <summary>The modules whose adapters are not played, as they were written.</summary>
    public static IEnumerable<string> NotPlayed(string text) => Words(text).Where(word => Module(word.ToLowerInvariant(), isLlama: false) is Targets.None);

    private static string[] Words(string text) => text.Split([',', '+', ' ', ';', '[', ']', '\'', '"'], StringSplitOptions.RemoveEmptyEntries);

    private static Targets? Module(string word, bool isLlama) => word[(word.LastIndexOf('.') + 1)..] switch
    {
        "all-linear" or "all" or "all_linear" or "linear" => Targets.All,
        "mlp" or "ffn" => Targets.Mlp,
        "attn" or "attention" => Targets.Attention,
        "q" or "q_proj" or "query" or "wq" or "q_lin" or "q_b_proj" => Targets.Query,
        "k" or "k_proj" or "key" or "wk" or "k_lin" => Targets.Key,
        "v" or "v_proj" or "value" or "wv" or "v_lin" => Targets.Value,
        "kv" or "kv_b_proj" => Targets.Key | Targets.Value,
        "o" or "o_proj" or "out_proj" or "dense" or "wo" or "out_lin" => Targets.Output,
        // GPT-2's and Qwen's attention and MLP both end in a c_proj.
        "c_proj" => Targets.Output | Targets.Down,
        "c_attn" or "w_pack" or "query_key_value" or "qkv" or "qkv_proj" or "wqkv" => Targets.Query | Targets.Key | Targets.Value,
        "gate" or "gate_proj" or "w1" => Targets.Gate,
        "gate_up_proj" => Targets.Gate | Targets.Up,
        "up" or "up_proj" or "w3" or "fc1" or "c_fc" or "dense_h_to_4h" or "fc_in" => Targets.Up,
        "w2" => isLlama ? Targets.Down : Targets.Up,
        "down" or "down_proj" or "fc2" or "dense_4h_to_h" or "fc_out" => Targets.Down,
        "head" or "lm_head" or "embed_out" => Targets.Head,
        "wte" or "embed_tokens" or "embedding" or "embed_in" => Targets.Embedding,
        // What adapters add there is not played.
        "norm" or "input_layernorm" or "post_attention_layernorm" or "score" or "classifier"
            or "q_a_proj" or "kv_a_proj_with_mqa" => Targets.None,
        _ => null,
    };
}
